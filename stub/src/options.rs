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
        /// The posts, as [`crate::recording::read`] returns them.
        posts: Vec<Value>,
        /// Keeps their ids and times, instead of stamping them anew.
        keep: bool,
    },
}

/// How the stub behaves.
#[derive(Debug)]
pub struct Options {
    /// The token that clients must send.
    pub token: String,
    /// Where posts come from.
    pub source: Source,
    /// Posts per second, more than 0.
    pub rate: f64,
    /// How often an idle stream sends a keep-alive. X does so at least every 20 s.
    pub keep_alive: Duration,
    /// How long after it was posted search finds a post; about 30 s at X.
    pub search_delay: Duration,
    /// Whether the account has backfill, as Enterprise accounts do.
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
