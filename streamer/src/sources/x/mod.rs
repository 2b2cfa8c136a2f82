//! X's filtered stream, with gaps healed by recent search.

mod archive;
mod connect;
mod decode;
mod failure;
mod recover;
mod rules;
mod search;
mod source;

pub use source::X;
#[cfg(any(test, fuzzing))]
pub(crate) use {decode::Decode, rules::RuleKeywords};
