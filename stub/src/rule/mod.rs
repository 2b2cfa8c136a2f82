//! Rules and search queries of X.

mod diacritics;
pub(crate) mod entities;
mod expression;
mod facts;
mod invalid;
mod keyword;
mod languages;
mod operators;
mod parser;
mod region;
mod scope;
mod term;
#[cfg(test)]
mod tests;
mod values;
mod words;

pub use facts::Facts;
pub use invalid::InvalidRule;
pub use scope::Scope;

use expression::Expression;
use operators::written;
use parser::parse;

/// A rule, ready to be matched against posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule(Expression);

impl Rule {
    /// Reads a rule of the stream, or a query of search: each has operators that the other lacks.
    ///
    /// # Errors
    /// [`InvalidRule`], which says what is wrong and where, as X does.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, InvalidRule> {
        let expression = parse(text, scope)?;
        if !expression.stands_alone() {
            let lonely = expression
                .lonely()
                .map(|name| format!("'{}' cannot be used as a standalone operator: ", written(name)));
            return Err(InvalidRule(format!(
                "{}a rule must contain at least one positive, standalone operator \
                 (a keyword, a phrase, #, @, from:, to:)",
                lonely.unwrap_or_default()
            )));
        }
        if expression.has_misplaced_sample() {
            let what =
                "'sample:' applies to the whole rule: put what is joined by OR into parentheses before it";
            return Err(InvalidRule(what.to_owned()));
        }
        Ok(Self(expression))
    }

    /// Whether it matches a post.
    #[must_use]
    pub fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        self.0.matches(facts, scope)
    }

    /// What a post would match by, in words that the generator knows: pieces of text as they are written in one,
    /// `from:` with a user, `url:` with a part of an address.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        self.0.collect_wanted(&mut wanted);
        wanted
    }
}
