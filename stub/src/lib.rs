//! A stream server that speaks X's protocol, replays a recording and misbehaves on request.
//!
//! It follows X's documentation of the filtered stream, its rules, search, counts, look-ups, usage, connections and batch
//! compliance: the shapes of answers and errors, the one connection, the token, the rate limits, the prices. Its posts are
//! made up ([`Generator`]) or recorded. `/control/…` is its own: it makes faults happen, takes posts back, sets credits and
//! limits, and reports what was posted, delivered and spent.

mod clock;
mod control;
mod mastodon;
mod options;
mod rule;
mod server;
mod source;
mod spawned;
mod stub;
mod world;
mod x;

pub use options::{Account, Options, Source};
pub use rule::{Facts, InvalidRule, Rule, Scope};
pub use server::serve;
pub use source::{Generator, recording};
pub use spawned::{Spawned, spawn};
pub use world::Fault;
pub use x::Dialect;
