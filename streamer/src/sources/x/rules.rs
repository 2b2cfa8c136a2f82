//! X's rules: the keyword of each, and the changes that make them match the requested keywords.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use ::x::wire::MatchedRule;
use ::x::{NewRule, Rule, rule_value};
use posts::Keyword;

use crate::source::RequestedKeywords;

/// The prefix of this program's rule tags; the keyword follows. Rules with other tags belong to others.
const TAG: &str = "aviary:";

/// The rules that the requested keywords take, by their values. Two keywords can take the same rule.
#[derive(Debug)]
pub(crate) struct WantedRules {
    by_value: BTreeMap<String, BTreeSet<Keyword>>,
    requested: BTreeSet<Keyword>,
}

impl WantedRules {
    pub(crate) fn new(requested: &RequestedKeywords) -> Self {
        let mut by_value: BTreeMap<String, BTreeSet<Keyword>> = BTreeMap::new();
        for (keyword, state) in requested {
            by_value.entry(rule_value(keyword.as_str(), state.reposts)).or_default().insert(keyword.clone());
        }
        Self { by_value, requested: requested.keys().cloned().collect() }
    }

    /// The keywords of the rule with this value; `None` if no keyword takes it.
    pub(crate) fn keywords(&self, value: &str) -> Option<&BTreeSet<Keyword>> {
        self.by_value.get(value).or_else(|| self.by_value.get(value.parse::<Keyword>().ok()?.as_str()))
    }

    /// The keywords whose rule is not among these.
    pub(crate) fn lacking(&self, rules: &[Rule]) -> BTreeSet<Keyword> {
        let there: BTreeSet<&Keyword> =
            rules.iter().filter_map(|rule| self.keywords(&rule.value)).flatten().collect();
        self.requested.iter().filter(|keyword| !there.contains(keyword)).cloned().collect()
    }

    /// The requested keyword that one of our rules is named after.
    pub(crate) fn named_by(&self, tag: Option<&str>) -> Option<&Keyword> {
        self.requested.get(&named(tag?)?)
    }

    /// The keywords whose rule of ours is among these, although nobody requests them any more.
    pub(crate) fn stopped(&self, rules: &[Rule]) -> BTreeSet<Keyword> {
        let unwanted = rules.iter().filter(|rule| self.keywords(&rule.value).is_none());
        let named = unwanted.filter_map(|rule| named(rule.tag.as_deref()?));
        named.filter(|keyword| !self.requested.contains(keyword)).collect()
    }
}

/// The keyword that a rule of ours with this tag is named after.
fn named(tag: &str) -> Option<Keyword> {
    tag.strip_prefix(TAG)?.parse().ok()
}

/// The keywords of each rule. Copies share them, so that the decoder of an open connection follows changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleKeywords(Arc<RwLock<HashMap<String, BTreeSet<Keyword>>>>);

impl RuleKeywords {
    /// Replaces the rules; returns the requested keywords that have one. Until it is replaced, a rule of ours stands for its keyword whatever
    /// is requested of that keyword now.
    pub(crate) fn assign(&self, rules: &[Rule], wanted: &WantedRules) -> BTreeSet<Keyword> {
        let keywords_of = |rule: &Rule| {
            let mut keywords = wanted.keywords(&rule.value).cloned().unwrap_or_default();
            keywords.extend(wanted.named_by(rule.tag.as_deref()).cloned());
            keywords
        };
        let keywords: HashMap<String, BTreeSet<Keyword>> =
            rules.iter().map(|rule| (rule.id.clone(), keywords_of(rule))).collect();
        let delivered = keywords.values().flatten().cloned().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keywords;
        delivered
    }

    /// The keywords that a post belongs to, each once. A rule that X applies before this program knows it is recognised by its tag.
    pub(crate) fn of(&self, matched: &[MatchedRule<'_>]) -> BTreeSet<Keyword> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut keywords = BTreeSet::new();
        for rule in matched {
            let Some(id) = rule.id.as_deref() else { continue };
            match known.get(id) {
                Some(known) => keywords.extend(known.iter().cloned()),
                None => {
                    keywords.extend(rule.tag.as_deref().and_then(named));
                }
            }
        }
        keywords
    }
}

/// The changes that make the rules match. Other programs' rules are left alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The rules that are missing.
    pub(crate) add: Vec<NewRule>,
    /// Our rules of keywords that are no longer requested.
    pub(crate) stopped: Vec<String>,
    /// Our rules of requested keywords that are to be replaced.
    pub(crate) replaced: Vec<String>,
}

impl Plan {
    pub(crate) fn new(rules: &[Rule], wanted: &WantedRules) -> Self {
        let mut plan = Self::default();
        let is_there = |value: &str| {
            let rule = |rule: &Rule| wanted.keywords(&rule.value) == wanted.by_value.get(value);
            rules.iter().any(rule)
        };
        for (value, keywords) in wanted.by_value.iter().filter(|(value, _)| !is_there(value)) {
            if let Some(keyword) = keywords.first() {
                plan.add.push(NewRule { value: value.clone(), tag: format!("{TAG}{keyword}") });
            }
        }
        for rule in rules.iter().filter(|rule| wanted.keywords(&rule.value).is_none()) {
            let is_ours = rule.tag.as_deref().is_some_and(|tag| tag.starts_with(TAG));
            match wanted.named_by(rule.tag.as_deref()) {
                Some(_) => plan.replaced.push(rule.id.clone()),
                None if is_ours => plan.stopped.push(rule.id.clone()),
                None => {}
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use utc_time::UtcTime;

    use super::*;
    use crate::source::KeywordState;

    fn rule(id: &str, value: &str, tag: Option<&str>) -> Rule {
        Rule { id: id.to_owned(), value: value.to_owned(), tag: tag.map(str::to_owned) }
    }

    #[test]
    fn only_our_rules_are_deleted_and_only_missing_ones_added() {
        let rules = [
            rule("1", "old", Some("aviary:old")),
            rule("2", "kept", Some("aviary:kept")),
            rule("3", "theirs", Some("other")),
            rule("4", "also wanted", None),
        ];
        let wanted = WantedRules::new(&requested(&["kept", "also wanted", "new"], true));
        let new = NewRule { value: "new".to_owned(), tag: "aviary:new".to_owned() };
        let plan = Plan { add: vec![new], stopped: vec!["1".to_owned()], replaced: Vec::new() };
        assert_eq!(Plan::new(&rules, &wanted), plan);
        assert_eq!(wanted.stopped(&rules), ["old".parse().unwrap()].into());
    }

    #[test]
    fn without_reposts_a_keyword_takes_another_rule_and_is_delivered_until_it_has_it() {
        let rules = [rule("1", "a OR b", Some("aviary:a OR b")), rule("2", "x", None)];
        let wanted = WantedRules::new(&requested(&["a OR b"], false));
        let new = NewRule { value: "(a OR b) -is:retweet".to_owned(), tag: "aviary:a OR b".to_owned() };
        let plan = Plan { add: vec![new], stopped: Vec::new(), replaced: vec!["1".to_owned()] };
        assert_eq!(Plan::new(&rules, &wanted), plan);
        let keywords = RuleKeywords::default();
        assert_eq!(keywords.assign(&rules, &wanted), ["a OR b".parse().unwrap()].into());
        assert_eq!(wanted.lacking(&rules), ["a OR b".parse().unwrap()].into());
        assert!(wanted.stopped(&rules).is_empty());
    }

    #[test]
    fn two_keywords_can_take_the_same_rule() {
        let mut both = requested(&["a"], false);
        both.extend(requested(&["(a) -is:retweet"], true));
        let wanted = WantedRules::new(&both);
        let plan = Plan::new(&[], &wanted);
        assert_eq!(plan.add.len(), 1);
        let rules = [rule("1", "(a) -is:retweet", Some("aviary:a"))];
        let keywords = RuleKeywords::default();
        assert_eq!(keywords.assign(&rules, &wanted).len(), 2);
        assert_eq!(Plan::new(&rules, &wanted), Plan::default());
        assert_eq!(keywords.of(&[MatchedRule { id: Some("1".into()), tag: None }]).len(), 2);
    }

    fn requested(keywords: &[&str], reposts: bool) -> RequestedKeywords {
        let state = KeywordState { reposts, ..KeywordState::new(UtcTime::now()) };
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
