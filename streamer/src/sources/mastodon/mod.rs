//! Mastodon: its streams (<https://docs.joinmastodon.org/methods/streaming/>), with gaps healed from its timelines.

mod decode;
mod events;
mod matching;
mod source;

#[cfg(any(test, fuzzing))]
pub(crate) use decode::{Decode, Followed};
pub use source::Mastodon;
