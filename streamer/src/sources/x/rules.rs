//! X's rules: the keyword of each, and the changes that make them match the requested keywords.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use ::x::wire::MatchedRule;
use ::x::{NewRule, Rule};
use posts::Keyword;

use crate::source::{KeywordState, RequestedKeywords};

/// The prefix of this program's rule tags; the keyword follows. Rules with other tags belong to others.
const TAG: &str = "aviary:";

/// The rules that the requested keywords take, by their values.
#[derive(Debug)]
pub(crate) struct WantedRules(BTreeMap<String, Keyword>);

impl WantedRules {
    pub(crate) fn new(requested: &RequestedKeywords) -> Self {
        Self(requested.iter().map(|(keyword, state)| (value_of(keyword, state), keyword.clone())).collect())
    }

    /// The keyword of the rule with this value.
    pub(crate) fn keyword(&self, value: &str) -> Option<&Keyword> {
        self.0.get(value).or_else(|| self.0.get(value.parse::<Keyword>().ok()?.as_str()))
    }
}

/// What a post must match: the keyword's own expression, in which an `OR` must not part from what is excluded.
fn value_of(keyword: &Keyword, state: &KeywordState) -> String {
    if state.reposts { keyword.to_string() } else { format!("({keyword}) -is:retweet") }
}

/// The keyword of each rule. Copies share it, so that the decoder of an open connection follows changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleKeywords(Arc<RwLock<HashMap<String, Keyword>>>);

impl RuleKeywords {
    /// Replaces the rules; returns the requested keywords that have one.
    pub(crate) fn assign(&self, rules: &[Rule], wanted: &WantedRules) -> BTreeSet<Keyword> {
        let keywords: HashMap<String, Keyword> = rules
            .iter()
            .filter_map(|rule| Some((rule.id.clone(), wanted.keyword(&rule.value)?.clone())))
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

/// The changes: missing rules are added, our rules that are no longer wanted are deleted, and other programs' rules are left
/// alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) delete: Vec<String>,
    pub(crate) add: Vec<NewRule>,
}

impl Plan {
    pub(crate) fn new(rules: &[Rule], wanted: &WantedRules) -> Self {
        let is_ours = |rule: &Rule| rule.tag.as_deref().is_some_and(|tag| tag.starts_with(TAG));
        let is_wanted = |rule: &Rule| wanted.keyword(&rule.value).is_some();
        let there: BTreeSet<&Keyword> = rules.iter().filter_map(|rule| wanted.keyword(&rule.value)).collect();
        let missing = wanted.0.iter().filter(|(_, keyword)| !there.contains(keyword));
        let rule = |(value, keyword): (&String, &Keyword)| NewRule {
            value: value.clone(),
            tag: format!("{TAG}{keyword}"),
        };
        Self {
            delete: rules.iter().filter(|r| is_ours(r) && !is_wanted(r)).map(|r| r.id.clone()).collect(),
            add: missing.map(rule).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use utc_time::UtcTime;

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
        let wanted = WantedRules::new(&requested(&["kept", "also wanted", "new"], true));
        let new = NewRule { value: "new".to_owned(), tag: "aviary:new".to_owned() };
        assert_eq!(Plan::new(&rules, &wanted), Plan { delete: vec!["1".to_owned()], add: vec![new] });
    }

    #[test]
    fn without_reposts_a_keyword_has_another_rule() {
        let rules = [
            Rule { id: "1".to_owned(), value: "a OR b".to_owned(), tag: Some("aviary:a OR b".to_owned()) },
            Rule { id: "2".to_owned(), value: "x".to_owned(), tag: None },
        ];
        let wanted = WantedRules::new(&requested(&["a OR b"], false));
        let new = NewRule { value: "(a OR b) -is:retweet".to_owned(), tag: "aviary:a OR b".to_owned() };
        assert_eq!(Plan::new(&rules, &wanted), Plan { delete: vec!["1".to_owned()], add: vec![new] });
        assert_eq!(wanted.keyword("(a OR b) -is:retweet").unwrap().as_str(), "a OR b");
    }

    fn requested(keywords: &[&str], reposts: bool) -> RequestedKeywords {
        let state = KeywordState { since: UtcTime::now(), missing_from: None, reposts };
        keywords.iter().map(|keyword| (keyword.parse().unwrap(), state)).collect()
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
