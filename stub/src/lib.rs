//! A stream server that speaks X's protocol, replays a recording and misbehaves on request.
//!
//! It follows X's documentation of the filtered stream, its rules, recent search and recent counts: the shapes of answers and
//! errors, the one connection, the token, the rate limits. Its posts are made up ([`Generator`]) or recorded. `/control/…` is its
//! own: it makes faults happen, and reports what was posted and delivered.

mod answer;
mod chunk;
mod clock;
mod connection;
mod control;
mod expression;
mod facts;
mod faults;
mod follower;
mod generator;
mod limits;
mod mastodon;
mod options;
mod parser;
mod playing;
mod posted;
pub mod recording;
mod rule;
mod rules;
mod scope;
mod search;
mod server;
mod snowflake;
mod spawned;
mod stream;
mod stub;
mod words;
mod world;

pub use facts::Facts;
pub use faults::Fault;
pub use generator::Generator;
pub use options::{Options, Source};
pub use parser::InvalidRule;
pub use rule::Rule;
pub use scope::Scope;
pub use server::serve;
pub use spawned::{Spawned, spawn};
