//! Reads X's filtered stream and puts its posts on TweetsFifoQueue.
//!
//! [`run`] is the whole service: it holds the stream's lease, makes X's rules match the desired
//! keywords, reads, packs the posts of one keyword into one message, sends it, and only then moves
//! that keyword's cursor. It keeps nothing on disk.

mod config;
mod control;
mod cursor;
mod pack;
mod progress;
mod read;
mod reconnect;
mod rules;
mod run;
mod send;
mod x;

pub use config::{Config, ConfigError};
pub use run::{Aws, Ended, RunError, run};
