//! Stores the posts of TweetsFifoQueue.
//!
//! [`Consumer::handle`] handles a batch of messages: it writes new posts together with their counts, publishes the counts
//! to CloudWatch, and reports the messages that failed, so that only those come back. [`run`] is the Lambda function.

mod config;
mod consumer;
mod message;
mod publish;
mod queue_delay;
mod run;
mod store;
mod tally;

pub use config::Config;
pub use consumer::Consumer;
pub use run::run;
