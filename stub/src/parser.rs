//! Reading a rule.

use crate::expression::{Expression, Term};
use crate::facts::tokens;

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(pub(crate) String);

/// Parses a rule.
pub(crate) fn parse(text: &str) -> Result<Expression, InvalidRule> {
    let mut parser = Parser { rest: text, whole: text };
    let expression = parser.any()?;
    if parser.rest.is_empty() { Ok(expression) } else { Err(parser.error("unexpected ')'")) }
}

/// A recursive-descent parser: `any` is parts separated by `OR`, `all` is parts separated by spaces (which bind more tightly), `one`
/// is an operator, a negation or a group.
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
