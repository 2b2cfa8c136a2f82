//! Reads a stream of posts and puts them on TweetsFifoQueue.
//!
//! [`run`] is the whole service: it holds the stream's lease, makes the source deliver the requested keywords, reads, packs the
//! posts of one keyword into one message, sends it, and only then moves its cursor. It records and fetches what it missed. It
//! stores nothing on disk.

mod config;
mod cursor;
mod ended;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gaps;
mod heartbeat;
mod held;
mod intake;
mod keyword_budgets;
mod lease;
mod ledger;
mod meter;
mod pack;
mod progress;
mod read;
mod recent;
mod requested;
mod requested_at_start;
mod run;
mod saving;
mod send;
pub mod source;
pub mod sources;
mod tallies;
mod tasks;
mod usage;
mod waiting;

pub use config::{Config, SourceConfig};
pub use ended::{Ended, RunError};
pub use run::{run, run_source};
