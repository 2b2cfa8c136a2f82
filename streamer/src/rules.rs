//! X's rules, made to match the desired keywords.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use posts::{Keyword, StreamStatusTable};

use crate::x::{Client, Failure, Matched, Rule};

/// How our rules' tags begin; the keyword follows. Rules with other tags are not ours.
const TAG: &str = "aviary:";

/// Most rules in one request.
const RULES_A_REQUEST: usize = 100;

/// Which keyword each rule stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    keywords: Arc<RwLock<HashMap<String, Keyword>>>,
}

impl Rules {
    /// Makes X's rules match `desired`: adds what is missing, deletes those of ours that nobody
    /// wants any more, leaves others' alone. What X refuses is noted at its keyword and harms no other.
    pub(crate) async fn sync(
        &self,
        client: &Client,
        status: &StreamStatusTable,
        desired: &BTreeSet<Keyword>,
    ) -> Result<(), Failure> {
        let mut rules = client.rules().await?;
        let plan = Plan::new(&rules, desired);
        for ids in plan.delete.chunks(RULES_A_REQUEST) {
            client.delete_rules(ids).await?;
        }
        for keywords in plan.add.chunks(RULES_A_REQUEST) {
            let wanted: Vec<_> =
                keywords.iter().map(|keyword| (keyword.to_string(), format!("{TAG}{keyword}"))).collect();
            let (added, refused) = client.add_rules(&wanted).await?;
            let refused: BTreeMap<_, _> = refused.into_iter().collect();
            for keyword in keywords {
                let error = refused.get(keyword.as_str());
                if let Some(error) = error {
                    tracing::warn!(%keyword, error, "X refused the keyword's rule");
                }
                if let Err(failure) = status.set_keyword_error(keyword, error.map(String::as_str)).await {
                    tracing::warn!(%failure, %keyword, "could not note X's answer to the keyword");
                }
            }
            rules.extend(added);
        }
        let keywords = rules
            .into_iter()
            .filter_map(|rule| Some((rule.id, desired.get(&rule.value.parse().ok()?)?.clone())))
            .collect();
        *self.keywords.write().unwrap_or_else(PoisonError::into_inner) = keywords;
        Ok(())
    }

    /// The keywords that a post belongs to, each once. A rule that X knows before we do is
    /// recognised by its tag.
    pub(crate) fn keywords(&self, matched: &[Matched]) -> BTreeSet<Keyword> {
        let known = self.keywords.read().unwrap_or_else(PoisonError::into_inner);
        matched
            .iter()
            .filter_map(|rule| {
                let tagged = || rule.tag.as_deref()?.strip_prefix(TAG)?.parse().ok();
                known.get(&rule.id).cloned().or_else(tagged)
            })
            .collect()
    }
}

/// What to change.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    delete: Vec<String>,
    add: Vec<Keyword>,
}

impl Plan {
    fn new(rules: &[Rule], desired: &BTreeSet<Keyword>) -> Self {
        let stands_for = |rule: &Rule| rule.value.parse::<Keyword>().ok();
        let is_desired = |rule: &Rule| stands_for(rule).is_some_and(|keyword| desired.contains(&keyword));
        let is_ours = |rule: &Rule| rule.tag.as_deref().is_some_and(|tag| tag.starts_with(TAG));
        let there: BTreeSet<Keyword> = rules.iter().filter_map(stands_for).collect();
        Self {
            delete: rules.iter().filter(|r| is_ours(r) && !is_desired(r)).map(|r| r.id.clone()).collect(),
            add: desired.difference(&there).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_rules_are_deleted_and_only_missing_ones_added() {
        let rule = |id: &str, value: &str, tag: Option<&str>| Rule {
            id: id.to_owned(),
            value: value.to_owned(),
            tag: tag.map(str::to_owned),
        };
        let rules = [
            rule("1", "old", Some("aviary:old")),
            rule("2", "kept", Some("aviary:kept")),
            rule("3", "theirs", Some("other")),
            rule("4", "also wanted", None),
        ];
        let desired = ["kept", "also wanted", "new"].map(|keyword| keyword.parse().unwrap()).into();
        let new = "new".parse().unwrap();
        assert_eq!(Plan::new(&rules, &desired), Plan { delete: vec!["1".to_owned()], add: vec![new] });
    }

    #[test]
    fn a_rule_not_known_yet_is_recognised_by_its_tag() {
        let matched = |tag: Option<&str>| Matched { id: "1".to_owned(), tag: tag.map(str::to_owned) };
        let rules = Rules::default();
        assert_eq!(rules.keywords(&[matched(Some("aviary:rust"))]), ["rust".parse().unwrap()].into());
        assert!(rules.keywords(&[matched(None), matched(Some("other"))]).is_empty());
    }
}
