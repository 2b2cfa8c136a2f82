//! What a post is, and the queue, tables and metrics that carry and hold it.
//!
//! `streamer`, `consumer` and `api` meet only through what this crate describes: the [`Envelope`]
//! on the queue and the items in the tables. It knows AWS's wire, not where the other end is: one
//! machine is the same code pointed at another endpoint.

pub mod aws;
mod country;
mod dead_letters;
mod embedded;
mod envelope;
mod keyword;
mod label;
mod metrics;
mod parameter;
mod post;
mod queue;
mod restate;
mod statistics;
mod status;
mod tweets;
mod utc_time;
mod variables;

pub use country::{Country, CountrySource};
pub use dead_letters::{DeadLetter, DeadLetterQueue, DeadLetters, Redriven, Settled};
pub use embedded::{EmbeddedMetrics, Gauge};
pub use envelope::{DecodeError, ENVELOPE_BYTES, ENVELOPE_VERSION, Envelope, POST_BYTES, Parcel, Unusable};
pub use keyword::{InvalidKeyword, Keyword};
pub use metrics::{Metrics, Stated, Statement};
pub use parameter::{ParameterError, ParameterStore};
pub use post::{InvalidPostId, Post, PostId, Reference, ReferenceKind};
pub use queue::{CloseQueue, SendError, TweetsQueue, message_group};
pub use restate::{RestateError, Restater};
pub use statistics::{HourCount, StatisticsTable};
pub use status::{
    Acquired, Added, Fenced, Gap, GapPage, GapPosition, GapState, HealedBy, KeywordStatus, Launch, Lease,
    LeaseHolder, Reading, Removed, Saved, Storing, StreamReport, StreamState, StreamStatusTable, Traffic,
    Window,
};
pub use tweets::{Correction, Filter, Inserted, Order, Page, Position, StoredPost, TweetsTable, Wanted};
pub use utc_time::{InvalidTime, UtcTime};
pub use variables::{Variables, WrongVariables};

/// What X charges for a post that is read, by the stream or by search, in US dollars; once for a post and
/// day (UTC). <https://docs.x.com/x-api/getting-started/pricing>, as of 2026.
pub const X_DOLLARS_A_POST: f64 = 0.005;

/// What can go wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB refused the request, or could not be reached.
    #[error("failed to {action}: {source}")]
    DynamoDb {
        /// What was asked for, to complete "failed to".
        action: &'static str,
        /// DynamoDB's own answer.
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    /// DynamoDB left a part of the request undone until there was no more time.
    #[error("failed to {action}: DynamoDB takes no more requests for now")]
    Throttled {
        /// What was asked for, to complete "failed to".
        action: &'static str,
    },
    /// An item in a table is not what this version writes.
    #[error("failed to read an item of {table}: {reason}")]
    Item {
        /// The table's name.
        table: String,
        /// What is wrong with the item.
        reason: String,
    },
}

impl TableError {
    /// For `map_err`: names what was being done when DynamoDB failed.
    fn during<E: Into<aws_sdk_dynamodb::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::DynamoDb { action, source: Box::new(error.into()) }
    }
}
