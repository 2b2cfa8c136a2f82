//! X's protocol, as a client meets it.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod account;
mod client;
mod compliance;
mod connections;
mod streaming;
mod takedowns;
