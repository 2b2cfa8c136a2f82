//! The language of X's rules and search queries: what it says, and which posts it matches.

use std::fmt;

use crate::facts::{Facts, tokens};

/// A rule, ready to be matched against posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule(Expression);

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Term(Term),
}

/// One operator.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// A word or a quoted phrase: its words in a row.
    Words(Vec<String>),
    /// Something without words (an emoji), or in a script that sets no spaces: anywhere in the text.
    Anywhere(String),
    Hashtag(String),
    Mention(String),
    From(String),
    To(String),
    Lang(String),
    PlaceCountry(String),
    HasGeo,
    IsRetweet,
    IsReply,
    IsQuote,
}

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(String);

/// Whose posts a rule is matched against: quoted posts count in the stream only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The filtered stream.
    Stream,
    /// Recent search and counts.
    Search,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`InvalidRule`], which says what is wrong and where, as X does.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let mut parser = Parser { rest: text, whole: text };
        let expression = parser.any()?;
        if !parser.rest.is_empty() {
            return Err(parser.error("unexpected ')'"));
        }
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

    /// The words, phrases and tags that a post may hold to be matched, as they would stand in a text.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        self.0.collect_wanted(&mut wanted);
        wanted
    }
}

impl Expression {
    fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(facts, scope)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(facts, scope)),
            Self::Not(part) => !part.matches(facts, scope),
            Self::Term(term) => term.matches(facts, scope),
        }
    }

    /// Whether every way to match it goes through an operator that X allows to stand alone.
    fn stands_alone(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::stands_alone),
            Self::Any(parts) => parts.iter().all(Self::stands_alone),
            Self::Not(_) => false,
            Self::Term(term) => !matches!(
                term,
                Term::Lang(_)
                    | Term::PlaceCountry(_)
                    | Term::HasGeo
                    | Term::IsRetweet
                    | Term::IsReply
                    | Term::IsQuote
            ),
        }
    }

    fn collect_wanted(&self, wanted: &mut Vec<String>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_wanted(wanted)),
            Self::Term(Term::Words(words)) => wanted.push(words.join(" ")),
            Self::Term(Term::Anywhere(text)) => wanted.push(text.clone()),
            Self::Term(Term::Hashtag(tag)) => wanted.push(format!("#{tag}")),
            Self::Term(Term::Mention(name)) => wanted.push(format!("@{name}")),
            Self::Not(_) | Self::Term(_) => {}
        }
    }
}

impl Term {
    fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        match self {
            Self::Words(words) => facts
                .texts(scope)
                .any(|text| text.tokens.windows(words.len()).any(|window| window == words.as_slice())),
            Self::Anywhere(part) => facts.texts(scope).any(|text| text.lower.contains(part.as_str())),
            Self::Hashtag(tag) => facts.texts(scope).any(|text| text.hashtags.contains(tag)),
            Self::Mention(name) => facts.texts(scope).any(|text| text.mentions.contains(name)),
            Self::From(author) => {
                facts.author_username.as_ref() == Some(author) || facts.author_id.as_ref() == Some(author)
            }
            Self::To(user) => facts.in_reply_to.as_ref() == Some(user),
            Self::Lang(lang) => facts.lang.as_ref() == Some(lang),
            Self::PlaceCountry(code) => facts.place_country.as_ref() == Some(code),
            Self::HasGeo => facts.has_geo,
            Self::IsRetweet => facts.is_retweet,
            Self::IsReply => facts.is_reply,
            Self::IsQuote => facts.is_quote,
        }
    }
}

/// Recursive descent: `any` is parts with `OR` between, `all` is parts with spaces between (binding
/// closer), `one` is an operator, a negation or a group.
struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, InvalidRule> {
        let mut parts = vec![self.all()?];
        while self.take_or() {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, InvalidRule> {
        let mut parts = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with(')') || self.at_or() {
                break;
            }
            parts.push(self.one()?);
        }
        match parts.len() {
            0 => Err(self.error("missing an operator")),
            1 => Ok(parts.remove(0)),
            _ => Ok(Expression::All(parts)),
        }
    }

    fn one(&mut self) -> Result<Expression, InvalidRule> {
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            if self.rest.is_empty() || self.rest.starts_with([' ', '-', ')']) {
                return Err(self.error("nothing to negate after '-'"));
            }
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let group = self.any()?;
            let Some(rest) = self.rest.strip_prefix(')') else {
                return Err(self.error("missing ')'"));
            };
            self.rest = rest;
            return Ok(group);
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            let phrase = self.until_quote()?;
            return self.words(&phrase);
        }
        let end = self.rest.find([' ', '(', ')', '"']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.to_owned();
        self.rest = rest;
        if self.rest.starts_with('"') && word.ends_with(':') {
            self.rest = &self.rest[1..];
            let value = self.until_quote()?;
            return self.operator(&word[..word.len() - 1], &value);
        }
        if let Some(tag) = word.strip_prefix(['#', '$']) {
            return self.name(tag, Term::Hashtag);
        }
        if let Some(name) = word.strip_prefix('@') {
            return self.name(name, Term::Mention);
        }
        match word.split_once(':') {
            Some((operator, value)) => self.operator(operator, value),
            None => self.words(&word),
        }
    }

    fn operator(&self, operator: &str, value: &str) -> Result<Expression, InvalidRule> {
        let value = value.trim_start_matches('@').to_lowercase();
        if value.is_empty() {
            return Err(self.error(&format!("missing a value after '{operator}:'")));
        }
        let term = match (operator, value.as_str()) {
            ("from", _) => Term::From(value),
            ("to", _) => Term::To(value),
            ("lang", _) => Term::Lang(value),
            ("place_country", _) => Term::PlaceCountry(value),
            ("has", "geo") => Term::HasGeo,
            ("is", "retweet") => Term::IsRetweet,
            ("is", "reply") => Term::IsReply,
            ("is", "quote") => Term::IsQuote,
            _ => return Err(self.error(&format!("no such operator: '{operator}:{value}'"))),
        };
        Ok(Expression::Term(term))
    }

    fn name(&self, name: &str, term: fn(String) -> Term) -> Result<Expression, InvalidRule> {
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(self.error("a tag or a name is letters, digits and _"));
        }
        Ok(Expression::Term(term(name.to_lowercase())))
    }

    fn words(&self, text: &str) -> Result<Expression, InvalidRule> {
        let words = tokens(text);
        if text.trim().is_empty() {
            return Err(self.error("an empty phrase"));
        }
        let spaceless = |c: char| matches!(u32::from(c), 0x0E00..=0x0EFF | 0x3040..=0x30FF | 0x3400..=0x9FFF);
        Ok(Expression::Term(if words.is_empty() || text.chars().any(spaceless) {
            Term::Anywhere(text.to_lowercase())
        } else {
            Term::Words(words)
        }))
    }

    fn until_quote(&mut self) -> Result<String, InvalidRule> {
        let Some((phrase, rest)) = self.rest.split_once('"') else {
            return Err(self.error("missing a closing '\"'"));
        };
        self.rest = rest;
        Ok(phrase.to_owned())
    }

    fn at_or(&self) -> bool {
        self.rest.strip_prefix("OR").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '(']))
    }

    fn take_or(&mut self) -> bool {
        let at_or = self.at_or();
        if at_or {
            self.rest = &self.rest[2..];
        }
        at_or
    }

    fn error(&self, what: &str) -> InvalidRule {
        let position = self.whole.chars().count() - self.rest.chars().count() + 1;
        InvalidRule(format!("{what} (at position {position})"))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Search => "search",
        })
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
