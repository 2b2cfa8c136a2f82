//! How a streamer ends.

use service::parameters::ParameterError;
use service::tables::TableError;

/// How long what was read may take to reach the queue once reading has stopped.
pub(crate) const FLUSH_TIME: std::time::Duration = std::time::Duration::from_secs(13);

/// Why a streamer ended as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Shutdown,
    /// No keyword is requested.
    NothingRequested,
}

/// Why a streamer could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The token could not be read.
    #[error(transparent)]
    Token(#[from] ParameterError),
    /// There is no token.
    #[error("the parameter {parameter} holds no bearer token")]
    NoToken {
        /// The parameter's name.
        parameter: String,
    },
    /// The status table could not be used.
    #[error(transparent)]
    Status(#[from] TableError),
    /// There can be no client of the source.
    #[error(transparent)]
    Client(#[from] json_api::InvalidClient),
    /// `MASTODON_URL` names no server.
    #[error("MASTODON_URL is not a URL of a server: {0:?}")]
    MastodonUrl(String),
    /// The source refused for good.
    #[error("{0}")]
    Refused(String),
    /// Another streamer holds the lease now.
    #[error("lost the lease: another streamer reads, or StreamStatusTable is out of reach")]
    LeaseLost,
    /// The queue refused a message for good.
    #[error("{0}")]
    Queue(String),
    /// A part of the streamer ended that never should.
    #[error("a task ended unexpectedly: {0}")]
    Unexpected(#[from] tokio::task::JoinError),
    /// What was read did not all reach the queue in time; the cursors tell up to where it did.
    #[error("the queue did not take all that was read within {} s", FLUSH_TIME.as_secs())]
    NotFlushed,
}
