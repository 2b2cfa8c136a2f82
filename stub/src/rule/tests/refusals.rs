//! What is no rule is refused with the reason and the place.

use proptest::prelude::*;

use super::super::{Facts, Rule, Scope};
use super::{post, refused};

const ALONE: &str = "a rule must contain at least one positive, standalone operator";

#[test]
fn wrong_rules_say_what_is_wrong_and_where() {
    for (rule, expected) in [
        ("\"rust", "missing a closing '\"' (at position 2)"),
        ("(rust", "missing ')' (at position 6)"),
        ("rust)", "unexpected ')' (at position 5)"),
        ("rust OR", "missing an operator (at position 8)"),
        ("()", "missing an operator (at position 2)"),
        ("rust -", "nothing to negate after '-' (at position 7)"),
        ("rust --go", "nothing to negate after '-' (at position 7)"),
        ("rust \"\"", "an empty phrase (at position 8)"),
        ("from:", "missing a value after 'from:' (at position 6)"),
        ("é colour:red", "Reference to invalid operator 'colour' (at position 3)"),
        ("rust has:polls", "Reference to invalid operator 'has:polls' (at position 6)"),
        ("https://x.example", "Reference to invalid operator 'https' (at position 1)"),
        (
            "rust AND go",
            "Ambiguous use of and as a keyword. Use a space to logically join two clauses, \
             or \"and\" to find occurrences of and in text (at position 6)",
        ),
        ("#", "a tag or a name is letters, digits and _ (at position 1)"),
        ("rust @a-b", "a tag or a name is letters, digits and _ (at position 6)"),
        ("from:a.b", "a tag or a name is letters, digits and _ (at position 1)"),
        ("$5k", "a cashtag is letters and digits, and begins with a letter (at position 1)"),
        ("url:\"://\"", "an address has letters or digits (at position 1)"),
        (
            "context:65",
            "a context is domain_id.entity_id, domain_id.* or *.entity_id, not '65' (at position 1)",
        ),
        (
            "context:*.*",
            "a context is domain_id.entity_id, domain_id.* or *.entity_id, not '*.*' (at position 1)",
        ),
        ("conversation_id:x", "an id is 1 to 19 digits, not 'x' (at position 1)"),
        ("place_country:LTU", "a country is two letters (ISO 3166-1 alpha-2), not 'LTU' (at position 1)"),
        ("point_radius:[1 2 30mi]", "a radius is more than 0 and at most 25mi (at position 1)"),
        ("bounding_box:[1 2 3 4]", "a box is at most 25mi wide and high (at position 1)"),
        ("rust lang:xx", "'xx' is no language that 'lang:' takes (at position 6)"),
        ("rust is:nullcast", "'is:nullcast' must be negated (at position 6)"),
        ("rust -(-is:nullcast)", "'is:nullcast' must be negated (at position 9)"),
    ] {
        for scope in [Scope::Stream, Scope::Search] {
            assert_eq!(refused(rule, scope), expected, "{rule}");
        }
    }
}

#[test]
fn wrong_rules_of_the_stream_say_what_is_wrong_and_where() {
    for (rule, expected) in [
        ("rust sample:0", "a percentage is a number from 1 to 100, not '0' (at position 6)"),
        ("rust sample:1.5", "a percentage is a number from 1 to 100, not '1.5' (at position 6)"),
        ("rust -sample:10", "'sample:' cannot be negated (at position 7)"),
        (
            "go OR rust sample:10",
            "'sample:' applies to the whole rule: put what is joined by OR into parentheses before it",
        ),
        ("rust followers_count:-1", "a count is a number, not '-1' (at position 6)"),
        (
            "rust followers_count:9..8",
            "a range ends no lower than it begins, other than '9..8' (at position 6)",
        ),
        ("rust min_followers:1..2", "a count is a number, not '1..2' (at position 6)"),
        (
            "rust source:\"https://app.example\"",
            "the stub cannot judge 'source:' by an address: a post holds only the name of its app (at position 6)",
        ),
        ("\"a b\"~7", "a number from 1 to 6 follows '~', not '7' (at position 8)"),
        ("\"a b\"~", "a number from 1 to 6 follows '~', not '' (at position 7)"),
        ("\"a\"~3", "'~' follows two or more keywords (at position 6)"),
        (
            "rust embedding_threshold:0.4",
            "'embedding_threshold:' is an unavailable operator: it needs Enterprise access with the Embedding tier \
             (at position 6)",
        ),
        ("-embedding:\"x y\"", "'embedding:' cannot be negated (at position 2)"),
        (
            "embedding:\"x y\"",
            "'embedding:' is an unavailable operator: it needs Enterprise access with the Embedding tier \
             (at position 1)",
        ),
        (
            "from_affiliate_of:x",
            "the stub cannot judge 'from_affiliate_of:': a post does not tell who is affiliated (at position 1)",
        ),
        (
            "to_affiliate_of:x",
            "the stub cannot judge 'to_affiliate_of:': a post does not tell who is affiliated (at position 1)",
        ),
    ] {
        assert_eq!(refused(rule, Scope::Stream), expected, "{rule}");
    }
}

#[test]
fn wrong_queries_of_search_say_what_is_wrong_and_where() {
    for (rule, expected) in [
        ("list:1", "the stub cannot judge 'list:': a post does not tell who is in a List (at position 1)"),
        ("min_likes:many", "a count is a number, not 'many' (at position 1)"),
        (
            "min_faves:1",
            "Reference to invalid operator 'min_faves': X's search API calls it 'min_likes:' (at position 1)",
        ),
        (
            "min_retweets:1",
            "Reference to invalid operator 'min_retweets': X's search API calls it 'min_reposts:' (at position 1)",
        ),
    ] {
        assert_eq!(refused(rule, Scope::Search), expected, "{rule}");
    }
}

#[test]
fn each_scope_refuses_by_name_what_only_the_other_has() {
    for operator in [
        "from_affiliate_of:",
        "to_affiliate_of:",
        "url_title:",
        "url_description:",
        "url_contains:",
        "bio:",
        "bio_name:",
        "bio_location:",
        "sample:",
        "source:",
        "min_followers:",
        "followers_count:",
        "following_count:",
        "tweets_count:",
        "listed_count:",
        "embedding:",
        "embedding_threshold:",
    ] {
        let expected = format!(
            "Reference to invalid operator '{operator}': search does not have it, the stream does (at position 6)"
        );
        assert_eq!(refused(&format!("rust {operator}1"), Scope::Search), expected);
    }
    assert_eq!(
        refused("\"a b\"~2", Scope::Search),
        "Reference to invalid operator '\"…\"~': search does not have it, the stream does (at position 1)"
    );
    for operator in ["list:", "quotes_of_tweet_id:", "min_likes:", "min_replies:", "min_reposts:"] {
        let expected = format!(
            "Reference to invalid operator '{operator}': the stream does not have it, search does (at position 6)"
        );
        assert_eq!(refused(&format!("rust {operator}1"), Scope::Stream), expected);
    }
}

#[test]
fn what_needs_company_is_refused_alone() {
    for (rule, lonely) in [
        ("lang:en", "lang:"),
        ("has:geo is:retweet", "has:geo"),
        ("rust OR lang:en", "lang:"),
        ("rust OR (is:quote -go)", "is:quote"),
        ("sample:10", "sample:"),
        ("source:app -rust", "source:"),
        ("followers_count:1", "followers_count:"),
    ] {
        let expected = format!("'{lonely}' cannot be used as a standalone operator: {ALONE}");
        assert!(
            refused(rule, Scope::Stream).starts_with(&expected),
            "{rule}: {}",
            refused(rule, Scope::Stream)
        );
    }
    for rule in ["-rust", "-rust -go", "rust OR -go", "-(rust go)", "-is:nullcast"] {
        assert!(refused(rule, Scope::Stream).starts_with(ALONE), "{rule}");
    }
}

#[test]
fn groups_within_groups_are_bounded() {
    let nested = |depth: usize| format!("{}rust{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Rule::parse(&nested(50), Scope::Stream).is_ok());
    assert_eq!(
        refused(&nested(500), Scope::Stream),
        "more than 50 groups within each other (at position 52)"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_rule_or_an_error(text in r#"[a-zé🦀 #@$:"\[\]().~\\\-OR0-9]{0,60}"#) {
        for scope in [Scope::Stream, Scope::Search] {
            if let Ok(rule) = Rule::parse(&text, scope) {
                let _ = rule.matches(&Facts::of(&post()), scope);
                prop_assert!(!text.trim().is_empty());
            }
        }
    }

    #[test]
    fn any_operators_and_values_are_a_rule_or_an_error(
        clauses in prop::collection::vec(
            (
                "-?",
                prop::sample::select(vec![
                    "from:", "to:", "url:", "context:", "entity:", "bio:", "place:", "place_country:", "point_radius:",
                    "bounding_box:", "sample:", "lang:", "followers_count:", "min_likes:", "source:", "is:", "has:",
                    "\"a b\"~", "#", "$", "", "(", "OR ",
                ]),
                r#"(\[[0-9. mik-]{0,20}\]|"[a-z .\\]{0,8}"?|[0-9.*]{0,6}|retweet|geo|[a-zé東🦀]{0,4})\)?"#,
            ),
            0..6,
        )
    ) {
        let text: Vec<String> =
            clauses.iter().map(|(sign, name, value)| format!("{sign}{name}{value}")).collect();
        for scope in [Scope::Stream, Scope::Search] {
            if let Ok(rule) = Rule::parse(&text.join(" "), scope) {
                let _ = (rule.matches(&Facts::of(&post()), scope), rule.wanted());
            }
        }
    }
}
