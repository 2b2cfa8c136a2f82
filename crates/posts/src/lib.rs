//! What is collected: posts and keywords, and the queue, tables and metrics that carry and hold them.
//!
//! `streamer`, `consumer` and `api` meet only through what this crate and `stream` describe: the
//! [`envelope::Envelope`] on the queue and the items in the tables. It knows AWS's wire, not where the other end is:
//! one machine is the same code pointed at another endpoint.

pub mod dead_letters;
pub mod envelope;
pub mod keyword;
mod label;
pub mod metrics;
pub mod post;
pub mod queue;
pub mod restate;
pub mod statistics;
pub mod tweets;

pub use keyword::Keyword;
pub use post::{Post, PostId};
