//! Why a text is not a rule.

/// Why a text is not a rule, in a sentence for its author. X answers with it as one of an error's `details`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(pub(crate) String);
