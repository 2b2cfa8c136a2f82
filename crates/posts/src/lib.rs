//! What is collected: posts and keywords; the queues, tables and metrics that hold them.
//!
//! `streamer`, `consumer` and `api` communicate only through what this crate and `stream` define: the
//! [`envelope::Envelope`] on the queue and the items in the tables. The code speaks to AWS and does not know where AWS
//! is: one machine is the same code with another endpoint.

pub mod dead_letters;
pub mod envelope;
pub mod keyword;
mod label;
pub mod metrics;
pub mod post;
pub mod publish;
pub mod queue;
pub mod sources;
pub mod statistics;
mod trace_id;
pub mod tweets;

pub use keyword::Keyword;
pub use post::{Post, PostId};
pub use trace_id::{InvalidTraceId, TraceId};
