//! X's rules: the keyword of each, and the changes that make them match the requested keywords.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use ::x::wire::MatchedRule;
use ::x::{NewRule, Rule};
use posts::Keyword;

/// The prefix of this program's rule tags; the keyword follows. Rules with other tags belong to others.
const TAG: &str = "aviary:";

/// The keyword of each rule. Copies share it, so that the decoder of an open connection follows changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleKeywords(Arc<RwLock<HashMap<String, Keyword>>>);

impl RuleKeywords {
    /// Replaces the rules; returns the requested keywords that have one.
    pub(crate) fn assign(&self, rules: &[Rule], requested: &BTreeSet<Keyword>) -> BTreeSet<Keyword> {
        let keywords: HashMap<String, Keyword> = rules
            .iter()
            .filter_map(|rule| Some((rule.id.clone(), requested.get(&rule.value.parse().ok()?)?.clone())))
            .collect();
        let delivered = keywords.values().cloned().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keywords;
        delivered
    }

    /// The keywords that a post belongs to, each once. A rule that X applies before this program knows it is recognised by its tag.
    pub(crate) fn of(&self, matched: &[MatchedRule<'_>]) -> BTreeSet<Keyword> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        matched
            .iter()
            .filter_map(|rule| {
                let tagged = || rule.tag.as_deref()?.strip_prefix(TAG)?.parse().ok();
                known.get(rule.id.as_deref()?).cloned().or_else(tagged)
            })
            .collect()
    }
}

/// The rule of a keyword.
pub(crate) fn rule_of(keyword: &Keyword) -> NewRule {
    NewRule { value: keyword.to_string(), tag: format!("{TAG}{keyword}") }
}

/// The changes: missing rules are added, rules of keywords that are no longer requested are deleted, and other programs' rules
/// are left alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) delete: Vec<String>,
    pub(crate) add: Vec<Keyword>,
}

impl Plan {
    pub(crate) fn new(rules: &[Rule], requested: &BTreeSet<Keyword>) -> Self {
        let stands_for = |rule: &Rule| rule.value.parse::<Keyword>().ok();
        let is_requested = |rule: &Rule| stands_for(rule).is_some_and(|keyword| requested.contains(&keyword));
        let is_ours = |rule: &Rule| rule.tag.as_deref().is_some_and(|tag| tag.starts_with(TAG));
        let there: BTreeSet<Keyword> = rules.iter().filter_map(stands_for).collect();
        Self {
            delete: rules.iter().filter(|r| is_ours(r) && !is_requested(r)).map(|r| r.id.clone()).collect(),
            add: requested.difference(&there).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
        let requested = ["kept", "also wanted", "new"].map(|keyword| keyword.parse().unwrap()).into();
        let new = "new".parse().unwrap();
        assert_eq!(Plan::new(&rules, &requested), Plan { delete: vec!["1".to_owned()], add: vec![new] });
    }

    #[test]
    fn a_rule_not_known_yet_is_recognised_by_its_tag() {
        let matched =
            |tag: Option<&'static str>| MatchedRule { id: Some("1".into()), tag: tag.map(Cow::from) };
        let keywords = RuleKeywords::default();
        assert_eq!(keywords.of(&[matched(Some("aviary:rust"))]), ["rust".parse().unwrap()].into());
        assert!(keywords.of(&[matched(None), matched(Some("other"))]).is_empty());
        assert!(keywords.of(&[MatchedRule { id: None, tag: Some("aviary:rust".into()) }]).is_empty());
    }
}
