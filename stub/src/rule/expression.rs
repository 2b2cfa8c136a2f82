//! The expression of a rule, and which posts it matches.

use super::facts::Facts;
use super::scope::Scope;
use super::term::Term;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Term(Clause),
}

/// One operator with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    /// The operator, for messages.
    pub(crate) name: &'static str,
    pub(crate) stands_alone: bool,
    pub(crate) term: Term,
}

impl Expression {
    pub(crate) fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(facts, scope)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(facts, scope)),
            Self::Not(part) => !part.matches(facts, scope),
            Self::Term(clause) => clause.term.matches(facts, scope),
        }
    }

    /// Whether every way to match it goes through an operator that X allows to stand alone.
    pub(crate) fn stands_alone(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::stands_alone),
            Self::Any(parts) => parts.iter().all(Self::stands_alone),
            Self::Not(_) => false,
            Self::Term(clause) => clause.stands_alone,
        }
    }

    /// The first operator that lacks one which stands alone beside it; `None` where all that lack one are negated.
    pub(crate) fn lonely(&self) -> Option<&'static str> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().filter(|part| !part.stands_alone()).find_map(Self::lonely)
            }
            Self::Not(_) => None,
            Self::Term(clause) => Some(clause.name),
        }
    }

    /// Whether `sample:` stands where it would not apply to the whole rule.
    pub(crate) fn has_misplaced_sample(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::has_misplaced_sample),
            Self::Any(parts) => parts.iter().any(Self::has_sample),
            Self::Not(_) | Self::Term(_) => false,
        }
    }

    fn has_sample(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_sample),
            Self::Not(part) => part.has_sample(),
            Self::Term(clause) => matches!(clause.term, Term::Sample(_)),
        }
    }

    pub(crate) fn collect_wanted(&self, wanted: &mut Vec<String>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_wanted(wanted)),
            Self::Not(_) => {}
            Self::Term(clause) => wanted.extend(clause.term.wanted()),
        }
    }
}
