//! Mastodon: its streams (<https://docs.joinmastodon.org/methods/streaming/>), with gaps healed from its timelines.

mod decode;
mod events;
mod matching;
mod source;

#[cfg(any(test, fuzzing))]
pub(crate) use decode::{Decode, Followed, OptOut};
pub use source::Mastodon;
