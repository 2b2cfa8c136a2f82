//! Reading a rule.

use super::expression::{Clause, Expression};
use super::invalid::InvalidRule;
use super::keyword::Keyword;
use super::operators::{Negation, Operator, find};
use super::scope::Scope;
use super::term::Term;
use super::values::{cashtag, keyword, name};
use super::words::Words;

/// How deeply groups may be nested. X states no bound; reading must have one.
const NESTING: usize = 50;

/// The most tokens that `"…"~N` takes.
/// <https://docs.x.com/x-api/posts/filtered-stream/integrate/operators>
const PROXIMITY: usize = 6;

/// Parses a rule.
pub(crate) fn parse(text: &str, scope: Scope) -> Result<Expression, InvalidRule> {
    let mut parser = Parser { rest: text, whole: text, scope, nesting: 0, negated: false };
    let expression = parser.any()?;
    if parser.rest.is_empty() { Ok(expression) } else { Err(parser.error("unexpected ')'")) }
}

/// A recursive-descent parser: `any` is parts separated by `OR`, `all` is parts separated by spaces (which bind more
/// tightly), `one` is an operator, a negation or a group.
struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
    /// Operators of another scope do not exist.
    scope: Scope,
    /// How many groups are open.
    nesting: usize,
    /// Whether what is read now counts as its opposite.
    negated: bool,
}

impl<'a> Parser<'a> {
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
        let start = self.rest;
        if self.take("-") {
            if self.rest.is_empty() || self.rest.starts_with([' ', '-', ')']) {
                return Err(self.error("nothing to negate after '-'"));
            }
            self.negated = !self.negated;
            let part = self.one()?;
            self.negated = !self.negated;
            return Ok(Expression::Not(Box::new(part)));
        }
        if self.take("(") {
            return self.group();
        }
        if self.take("\"") {
            let phrase = self.until_quote()?;
            return self.phrase(&phrase, start);
        }
        let word = self.word();
        for (sign, read) in SIGNS {
            if let Some(name) = word.strip_prefix(*sign) {
                let term = read(name).map_err(|what| self.error_at(start, &what))?;
                return Ok(Expression::Term(Clause { name: sign, stands_alone: true, term }));
            }
        }
        match word.split_once(':') {
            Some((name, value)) => {
                let quoted =
                    if value.is_empty() && self.take("\"") { Some(self.until_quote()?) } else { None };
                self.operator(name, quoted.as_deref().unwrap_or(value), start)
            }
            // In X's words.
            None if word.eq_ignore_ascii_case("and") => Err(self.error_at(
                start,
                "Ambiguous use of and as a keyword. Use a space to logically join two clauses, \
                 or \"and\" to find occurrences of and in text",
            )),
            None => self.phrase(word, start),
        }
    }

    fn group(&mut self) -> Result<Expression, InvalidRule> {
        self.nesting += 1;
        if self.nesting > NESTING {
            return Err(self.error(&format!("more than {NESTING} groups within each other")));
        }
        let group = self.any()?;
        self.nesting -= 1;
        if self.take(")") { Ok(group) } else { Err(self.error("missing ')'")) }
    }

    /// Takes a word: up to a space, a parenthesis or a quotation mark, or a value in brackets with its spaces.
    fn word(&mut self) -> &'a str {
        let ends = |c: char| c.is_whitespace() || ['(', ')', '"'].contains(&c);
        let mut end = self.rest.find(ends).unwrap_or(self.rest.len());
        if self.rest[..end].contains(":[")
            && let Some(bracket) = self.rest.find(']')
        {
            end = end.max(bracket + 1);
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A keyword or phrase which is read already, with the `~N` that may follow.
    fn phrase(&mut self, text: &str, start: &str) -> Result<Expression, InvalidRule> {
        let keyword = keyword(text).map_err(|what| self.error(&what))?;
        let is_phrase = start.starts_with('"');
        let term = if is_phrase && self.take("~") {
            self.proximity(&keyword, start)?
        } else {
            Term::Keyword(keyword)
        };
        Ok(Expression::Term(Clause { name: "keyword", stands_alone: true, term }))
    }

    fn proximity(&mut self, keywords: &Keyword, start: &str) -> Result<Term, InvalidRule> {
        if self.scope == Scope::Search {
            return Err(self.error_at(start, &lacking("\"…\"~", Scope::Stream)));
        }
        let number = self.word();
        let within = number.parse().ok().filter(|within| (1..=PROXIMITY).contains(within));
        let Some(within) = within else {
            return Err(self.error(&format!("a number from 1 to {PROXIMITY} follows '~', not '{number}'")));
        };
        match keywords {
            Keyword::Words(words) | Keyword::Accented(words) if words.len() > 1 => {
                Ok(Term::Near(Words::clone(words), within))
            }
            _ => Err(self.error("'~' follows two or more keywords")),
        }
    }

    fn operator(&self, name: &str, value: &str, start: &str) -> Result<Expression, InvalidRule> {
        if value.trim().is_empty() {
            return Err(self.error(&format!("missing a value after '{name}:'")));
        }
        let Some(operator) = find(name, value) else {
            let whole =
                if ["is", "has"].contains(&name) { format!("{name}:{value}") } else { name.to_owned() };
            return Err(self.error_at(start, &format!("Reference to invalid operator '{whole}'")));
        };
        self.check_use(operator).map_err(|what| self.error_at(start, &what))?;
        let term = operator.read(value).map_err(|what| self.error_at(start, &what))?;
        Ok(Expression::Term(Clause { name: operator.name, stands_alone: operator.stands_alone, term }))
    }

    /// Whether an operator may be used in this scope and place.
    fn check_use(&self, operator: &Operator) -> Result<(), String> {
        let name = operator.written();
        match (operator.only_in, operator.negation) {
            (Some(only), _) if only != self.scope => Err(lacking(&name, only)),
            (_, Negation::Forbidden) if self.negated => Err(format!("'{name}' cannot be negated")),
            (_, Negation::Required) if !self.negated => Err(format!("'{name}' must be negated")),
            _ => Ok(()),
        }
    }

    /// The text up to the closing quotation mark; `\"` stands for a mark within it.
    fn until_quote(&mut self) -> Result<String, InvalidRule> {
        let mut text = String::new();
        let mut parts = self.rest.split_inclusive('"');
        let mut taken = 0;
        loop {
            let Some(part) = parts.next().and_then(|part| part.strip_suffix('"')) else {
                return Err(self.error("missing a closing '\"'"));
            };
            taken += part.len() + 1;
            match part.strip_suffix('\\') {
                Some(before) => text.extend([before, "\""]),
                None => {
                    text.push_str(part);
                    break;
                }
            }
        }
        self.rest = &self.rest[taken..];
        Ok(text)
    }

    fn at_or(&self) -> bool {
        let rest = self.rest.strip_prefix("OR");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '('))
    }

    fn take_or(&mut self) -> bool {
        self.at_or() && self.take("OR")
    }

    /// Takes `what`, if it comes next.
    fn take(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn error(&self, what: &str) -> InvalidRule {
        self.error_at(self.rest, what)
    }

    /// An error where `rest` begins.
    fn error_at(&self, rest: &str, what: &str) -> InvalidRule {
        let position = self.whole.chars().count() - rest.chars().count() + 1;
        InvalidRule(format!("{what} (at position {position})"))
    }
}

/// Reads the name after a sign.
type Read = fn(&str) -> Result<Term, String>;

const SIGNS: &[(&str, Read)] = &[
    ("#", |tag| name(tag).map(Term::Hashtag)),
    ("$", |tag| cashtag(tag).map(Term::Cashtag)),
    ("@", |user| name(user).map(Term::Mention)),
];

/// What is said of an operator that only the other scope has.
fn lacking(name: &str, only_in: Scope) -> String {
    let (without, with) = match only_in {
        Scope::Stream => ("search", "the stream"),
        Scope::Search => ("the stream", "search"),
    };
    format!("Reference to invalid operator '{name}': {without} does not have it, {with} does")
}
