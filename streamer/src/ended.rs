//! How a streamer ends.

use posts::Keyword;
use service::parameters::ParameterError;
use service::tables::TableError;

/// How long sending what was read may take once reading has stopped.
pub(crate) const FLUSH_TIME: std::time::Duration = std::time::Duration::from_secs(13);

/// Why a streamer ended normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to end.
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
    /// The keyword that the task was to request when it starts cannot be requested.
    #[error("the keyword {keyword:?} cannot be collected: {reason}", keyword = keyword.as_str())]
    NotRequested {
        /// The keyword.
        keyword: Keyword,
        /// Why.
        reason: String,
    },
    /// StreamStatusTable could not be used.
    #[error(transparent)]
    Status(#[from] TableError),
    /// The source's client could not be set up.
    #[error(transparent)]
    Client(#[from] json_api::InvalidClient),
    /// `MASTODON_URL` does not name a server.
    #[error("MASTODON_URL is not the URL of a server: {0:?}")]
    MastodonUrl(String),
    /// The source refused for good.
    #[error("{0}")]
    Refused(String),
    /// Another streamer holds the lease now.
    #[error("lost the lease: another streamer reads, or StreamStatusTable cannot be reached")]
    LeaseLost,
    /// The queue refused a message for good.
    #[error("{0}")]
    Queue(String),
    /// A task ended that should run for ever.
    #[error("a task ended unexpectedly: {0}")]
    Unexpected(#[from] tokio::task::JoinError),
    /// Not everything that was read reached the queue in time; the cursors say up to where it did.
    #[error("the queue did not accept everything that was read within {} s", FLUSH_TIME.as_secs())]
    NotFlushed,
}
