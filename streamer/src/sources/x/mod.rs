//! X's filtered stream, healed by recent search.

mod decode;
mod post;
mod rules;
mod source;

#[cfg(any(test, fuzzing))]
pub(crate) use {decode::Decode, rules::RuleKeywords};
pub use source::X;
