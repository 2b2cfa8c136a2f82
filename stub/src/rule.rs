//! Rules and search queries of X.

use crate::expression::Expression;
use crate::facts::Facts;
use crate::parser::{InvalidRule, parse};
use crate::scope::Scope;

/// A rule, ready to be matched against posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule(Expression);

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`InvalidRule`], which says what is wrong and where, as X does.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let expression = parse(text)?;
        if !expression.stands_alone() {
            return Err(InvalidRule(
                "Rules must contain at least one positive, standalone operator (a keyword, a phrase, #, @, from:, to:)"
                    .to_owned(),
            ));
        }
        Ok(Self(expression))
    }

    /// Whether it matches a post.
    #[must_use]
    pub fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        self.0.matches(facts, scope)
    }

    /// The words, phrases and tags with which a post would match, as they are written in a text.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        self.0.collect_wanted(&mut wanted);
        wanted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn post() -> Facts {
        Facts::of(&json!({
            "data": {
                "id": "1", "author_id": "7", "lang": "lt", "text": "Sveikas #Rust! I like coca-cola 🦀 @Ferris",
                "geo": {"place_id": "p"},
                "referenced_tweets": [{"type": "quoted", "id": "2"}],
            },
            "includes": {
                "users": [{"id": "7", "username": "Jonas"}],
                "places": [{"id": "p", "country_code": "LT"}],
                "tweets": [{"id": "2", "text": "quoted words"}],
            },
        }))
    }

    fn matches(rule: &str) -> bool {
        Rule::parse(rule).unwrap().matches(&post(), Scope::Stream)
    }

    #[test]
    fn each_operator_matches_what_it_names() {
        for rule in [
            "rust",
            "RUST",
            "#rust",
            "coca-cola",
            "\"coca cola\"",
            "\"like coca\"",
            "🦀",
            "@ferris",
            "from:jonas",
            "from:7",
            "rust lang:lt",
            "rust place_country:LT",
            "rust has:geo",
            "rust -is:retweet",
            "rust is:quote",
            "go OR rust",
            "(go OR rust) sveikas",
            "go OR rust sveikas",
            "quoted",
            "rust -go",
        ] {
            assert!(matches(rule), "{rule}");
        }
        for rule in [
            "rus",
            "#go",
            "\"cola coca\"",
            "coca-colas",
            "🐍",
            "@ferr",
            "from:petras",
            "rust lang:en",
            "rust place_country:US",
            "rust is:retweet",
            "rust go",
            "(go OR python) rust",
            "go OR rust python",
            "rust -sveikas",
        ] {
            assert!(!matches(rule), "{rule}");
        }
    }

    #[test]
    fn quoted_posts_count_in_the_stream_only() {
        let rule = Rule::parse("quoted").unwrap();
        assert!(rule.matches(&post(), Scope::Stream) && !rule.matches(&post(), Scope::Search));
    }

    #[test]
    fn wrong_rules_say_what_is_wrong_and_where() {
        for (rule, expected) in [
            ("\"rust", "missing a closing '\"' (at position 2)"),
            ("(rust", "missing ')' (at position 6)"),
            ("rust)", "unexpected ')' (at position 5)"),
            ("rust OR", "missing an operator (at position 8)"),
            ("rust -", "nothing to negate after '-' (at position 7)"),
            ("colour:red", "no such operator: 'colour:red' (at position 11)"),
            ("from:", "missing a value after 'from:' (at position 6)"),
        ] {
            assert_eq!(Rule::parse(rule).unwrap_err().to_string(), expected, "{rule}");
        }
        for rule in ["lang:en", "-rust", "has:geo is:retweet", "rust OR lang:en"] {
            assert!(Rule::parse(rule).unwrap_err().to_string().contains("standalone"), "{rule}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_rule_or_an_error(text in r#"[a-zé🦀 #@:"()\-OR]{0,40}"#) {
            if let Ok(rule) = Rule::parse(&text) {
                let _ = rule.matches(&post(), Scope::Stream);
                prop_assert!(!text.trim().is_empty());
            }
        }
    }
}
