//! X's side of the wire.

mod client;
mod decode;
mod lines;
mod message;
mod rules;
mod snowflake;

pub(crate) use client::X;
#[cfg(any(test, fuzzing))]
pub(crate) use {decode::Decode, rules::Rules};
