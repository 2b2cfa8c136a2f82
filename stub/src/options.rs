//! How a stub behaves.

use std::time::Duration;

use serde_json::Value;

/// Where the stub's posts come from.
#[derive(Debug)]
pub enum Source {
    /// Made up, from a seed, at a rate, from the start.
    Generator {
        /// The same seed makes the same posts.
        seed: u64,
    },
    /// A recording, played once, from the first connection on.
    Recording {
        /// The posts, as [`recording::read`] gives them.
        posts: Vec<Value>,
        /// Keeps their ids and times, instead of stamping them anew.
        keep: bool,
    },
}

/// How the stub behaves.
#[derive(Debug)]
pub struct Options {
    /// The token that clients must bear.
    pub token: String,
    /// Where posts come from.
    pub source: Source,
    /// Posts a second, above 0.
    pub rate: f64,
    /// How often an idle stream says that it is alive: X does at least every 20 s.
    pub keep_alive: Duration,
    /// How long after it was posted search finds a post: at X about 30 s.
    pub search_delay: Duration,
    /// Whether the account has backfill, as only Enterprise accounts have.
    pub backfill: bool,
}

impl Options {
    /// A stub of these posts: the token is `stub-token`, 10 posts a second, a keep-alive every 10 s, search 30 s late,
    /// no backfill.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            token: "stub-token".to_owned(),
            source,
            rate: 10.0,
            keep_alive: Duration::from_secs(10),
            search_delay: Duration::from_secs(30),
            backfill: false,
        }
    }
}
