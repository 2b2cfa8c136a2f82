//! Reads X's filtered stream and puts its posts on TweetsFifoQueue.
//!
//! [`run`] is the whole service: it holds the stream's lease, makes X's rules match the desired
//! keywords, reads, packs the posts of one keyword into one message, sends it, and only then moves
//! its cursor. What it missed it puts on record and fetches again. It keeps nothing on disk.

mod buffer;
mod config;
mod connections;
mod control;
mod cursor;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gap_book;
mod heal;
mod http;
mod lease;
mod ledger;
mod mastodon;
mod pack;
mod progress;
mod read;
mod reconnect;
mod run;
mod seen;
mod send;
mod source;
mod x;

pub use config::{Config, SourceConfig};
pub use run::{Aws, Ended, RunError, run};
