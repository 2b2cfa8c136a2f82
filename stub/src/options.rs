//! How a stub behaves.

use std::time::Duration;

use serde_json::Value;

use crate::world::billing::MONTHLY_CAP;
use crate::x::Dialect;

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
        /// The posts, as [`crate::source::recording::read`] returns them.
        posts: Vec<Value>,
        /// Keeps their ids and times, instead of stamping them anew.
        keep: bool,
    },
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// One connection, and what it missed must be searched for.
    PayPerUse,
    /// Two connections, backfill of up to five minutes, and recovery of up to 24 hours.
    Enterprise,
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
    /// What the account may do.
    pub account: Account,
    /// The words that search takes and uses.
    pub dialect: Dialect,
    /// The money that may be spent, in millionths of a dollar; `None` for without end.
    pub credits: Option<u64>,
    /// The most posts that may be read in a calendar month.
    pub monthly_cap: u64,
    /// Whether the users in an answer's `includes` are charged. X's documents do not say.
    pub users_charged: bool,
    /// How long a job of batch compliance takes, from its upload on; minutes at X.
    pub job_duration: Duration,
}

impl Options {
    /// A stub of these posts: the token is `stub-token`, 10 posts a second, a keep-alive every 10 s, search 30 s
    /// late, a pay-per-use account with credits without end and X's monthly cap, users free of charge, search as X's
    /// present description has it, and jobs that take 3 s.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            token: "stub-token".to_owned(),
            source,
            rate: 10.0,
            keep_alive: Duration::from_secs(10),
            search_delay: Duration::from_secs(30),
            account: Account::PayPerUse,
            dialect: Dialect::Posts,
            credits: None,
            monthly_cap: MONTHLY_CAP,
            users_charged: false,
            job_duration: Duration::from_secs(3),
        }
    }
}
