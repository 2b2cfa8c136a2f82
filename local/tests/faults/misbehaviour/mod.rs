//! Whatever the stream does, every post that could be fetched is stored once, and every other is in a gap that names its kind.

mod account;
mod alone;
mod connecting;
mod dialects;
mod sequences;
mod trouble;

pub(crate) use trouble::Trouble;
