//! X's rules, made to match the desired keywords.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use posts::Keyword;
use stream::StreamStatusTable;
use utc_time::UtcTime;

use super::client::{AddedRules, Rule, X};
use super::message::Matched;
use crate::source::{Failure, Must, Source as _};

/// How our rules' tags begin; the keyword follows. Rules with other tags are not ours.
const TAG: &str = "aviary:";

/// Most rules in one request.
const RULES_A_REQUEST: usize = 100;

/// Which keyword each rule stands for.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    status: StreamStatusTable,
    keywords: Arc<RwLock<HashMap<String, Keyword>>>,
}

impl Rules {
    pub(crate) fn new(status: StreamStatusTable) -> Self {
        Self { status, keywords: Arc::default() }
    }

    /// Rules of a table that nobody asks.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_nowhere() -> Self {
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("nowhere"))
            .build();
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        Self::new(StreamStatusTable::new(dynamodb, String::new(), String::new()))
    }

    /// Makes X's rules match `desired`: adds what is missing, deletes those of ours that nobody wants
    /// any more, leaves others' alone. What X refuses is noted at its keyword and harms no other. Returns
    /// the keywords that have a rule. When there need only be something to connect for, rules that do
    /// are left as they are.
    pub(crate) async fn sync(
        &self,
        x: &X,
        desired: &BTreeSet<Keyword>,
        must: Must,
    ) -> Result<BTreeSet<Keyword>, Failure> {
        let mut rules = x.rules().await?;
        let plan = Plan::new(&rules, desired);
        if must == Must::Connect && plan.add.len() < desired.len() {
            return Ok(self.stand_for(&rules, desired));
        }
        for ids in plan.delete.chunks(RULES_A_REQUEST) {
            x.delete_rules(ids).await?;
        }
        for keywords in plan.add.chunks(RULES_A_REQUEST) {
            let wanted: Vec<_> =
                keywords.iter().map(|keyword| (keyword.to_string(), format!("{TAG}{keyword}"))).collect();
            let added = add(x, &wanted).await?;
            let errors: BTreeMap<_, _> = added.refused.into_iter().collect();
            for keyword in keywords {
                let Some(error) = errors.get(keyword.as_str()) else { continue };
                tracing::warn!(%keyword, error, "X refused the keyword's rule");
                // Posts that were delivered late are on their way still.
                let from = UtcTime::now().before(X::LATENESS);
                if let Err(failure) = self.status.keyword_is_refused(keyword, error, from).await {
                    tracing::warn!(%failure, %keyword, "could not note why a keyword is not collected");
                }
            }
            rules.extend(added.rules);
        }
        Ok(self.stand_for(&rules, desired))
    }

    /// From now on these rules stand for those of the desired keywords that are theirs.
    fn stand_for(&self, rules: &[Rule], desired: &BTreeSet<Keyword>) -> BTreeSet<Keyword> {
        let keywords: HashMap<String, Keyword> = rules
            .iter()
            .filter_map(|rule| Some((rule.id.clone(), desired.get(&rule.value.parse().ok()?)?.clone())))
            .collect();
        let delivered = keywords.values().cloned().collect();
        *self.keywords.write().unwrap_or_else(PoisonError::into_inner) = keywords;
        delivered
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

/// Adds rules. Where X refuses a whole request, the halves are tried, so that what is wrong with one
/// rule harms no other.
async fn add(x: &X, wanted: &[(String, String)]) -> Result<AddedRules, Failure> {
    match x.add_rules(wanted).await {
        Err(failure) if failure.is_about_the_request() => match wanted {
            [] => Ok(AddedRules::default()),
            [(value, _)] => {
                Ok(AddedRules { rules: Vec::new(), refused: vec![(value.clone(), failure.to_string())] })
            }
            _ => {
                let (first, second) = wanted.split_at(wanted.len() / 2);
                let mut added = Box::pin(add(x, first)).await?;
                let more = Box::pin(add(x, second)).await?;
                added.rules.extend(more.rules);
                added.refused.extend(more.refused);
                Ok(added)
            }
        },
        answer => answer,
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
        let rules = Rules::of_nowhere();
        assert_eq!(rules.keywords(&[matched(Some("aviary:rust"))]), ["rust".parse().unwrap()].into());
        assert!(rules.keywords(&[matched(None), matched(Some("other"))]).is_empty());
    }
}
