//! X's filtered stream, with gaps healed by recent search.

mod decode;
mod post;
mod rules;
mod source;

pub use source::X;
#[cfg(any(test, fuzzing))]
pub(crate) use {decode::Decode, rules::RuleKeywords};
