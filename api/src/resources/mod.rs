//! The resources of the API, a module each: what a request may say, what the answer says, and the handlers.

pub(crate) mod about;
pub(crate) mod dead_letters;
pub(crate) mod estimate;
pub(crate) mod forgotten;
pub(crate) mod gaps;
mod ongoing;
pub(crate) mod statistics;
pub(crate) mod stream;
pub(crate) mod tweets;
