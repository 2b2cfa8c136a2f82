//! The whole pipeline on one machine: local stand-ins for the AWS services, the stub stream (or X or Mastodon), and the
//! same streamer, consumer and API as in the cloud.

mod access;
mod aws;
mod browser;
mod data;
mod disk;
mod endpoint;
pub mod forget;
mod housekeeping;
pub mod keys;
mod life;
mod listeners;
mod machine;
mod mapping;
mod options;
pub mod programs;
mod running;
mod screen;
mod server;
mod source;
pub mod terminal;

pub use access::NoApiKey;
pub use aws::{Call, Fate, Faults};
pub use data::recording_is_played;
pub use endpoint::Endpoint;
pub use life::Life;
pub use machine::Machine;
pub use options::{Options, Stream};
pub use screen::{LogWriter, Screen};
