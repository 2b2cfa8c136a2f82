//! X's side of the wire.

mod client;
mod lines;
mod message;

pub(crate) use client::{Client, Failure, Rule, network};
pub(crate) use lines::{Line, Lines};
pub(crate) use message::{Matched, Message, read_message};
