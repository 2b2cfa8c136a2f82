//! A reader of one of Mastodon's streams.

use tokio::sync::mpsc;

use crate::rule::Facts;
use crate::world::chunk::Chunk;

/// A reader of one of Mastodon's streams.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) number: u64,
    /// The hashtag that it follows, in lower case; `None` for the public stream.
    pub(crate) tag: Option<String>,
    pub(crate) lines: mpsc::Sender<Chunk>,
    /// Nothing is sent any more, silently.
    pub(crate) silent: bool,
}

impl Follower {
    pub(crate) fn follows(&self, facts: &Facts) -> bool {
        self.tag.as_ref().is_none_or(|tag| has_tag(facts, tag))
    }
}

pub(crate) fn has_tag(facts: &Facts, tag: &str) -> bool {
    facts.own.iter().any(|text| text.hashtags.iter().any(|own| own == tag))
}
