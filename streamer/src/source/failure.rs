//! Why a request to a source failed.

use json_api::{Error, RateLimit};
use utc_time::UtcTime;

/// Why a request to a source failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may succeed later.
    #[error("{reason}")]
    Passing {
        /// What kind of failure it is: how long to wait depends on it.
        class: Class,
        /// What happened, for people to read.
        reason: String,
    },
    /// The source refuses the token. It may be replaced.
    #[error("{0}")]
    Unauthorized(String),
    /// The source refuses this request; it may accept another one. That is this program's mistake, or the source has changed.
    #[error("{0}")]
    InvalidRequest(String),
    /// The source does not take this keyword: another one may be fine.
    #[error("{0}")]
    KeywordRefused(String),
    /// The source does not offer this account posts that are so old.
    #[error("{0}")]
    OutOfReach(String),
    /// The source refuses any such request, or this program cannot go on.
    #[error("{0}")]
    Final(String),
}

/// The kind of a passing failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The source ended a working connection.
    Dropped,
    /// The streamer ended the connection, and the source may not have noticed yet.
    HungUp,
    /// TCP, TLS or DNS failed.
    Network,
    /// The source answered 5xx.
    Server,
    /// The source's answer cannot be read, although it may have charged for it.
    Unreadable,
    /// Too many requests were made. The limit ends at this time, if the source said when and that none is left.
    RateLimited(Option<UtcTime>),
    /// Another connection holds the slot that this one needs.
    SlotTaken,
    /// The source must be paid first.
    OutOfCredits,
    /// As many posts have been read as the source allows in a month.
    MonthlyCap,
}

impl Failure {
    /// A passing failure.
    pub fn passing(class: Class, reason: impl Into<String>) -> Self {
        Self::Passing { class, reason: reason.into() }
    }

    /// What an API's refusal means, given what its headers said about the rate limit.
    #[must_use]
    pub fn from_answer(error: Error, limit: Option<RateLimit>) -> Self {
        let reason = error.to_string();
        match error {
            Error::Connection(_) | Error::Timeout => Self::passing(Class::Network, reason),
            Error::Closed => Self::passing(Class::Dropped, reason),
            Error::TooLarge | Error::Unexpected(_) => Self::passing(Class::Unreadable, reason),
            Error::Refused(refusal) => match refusal.status.as_u16() {
                429 => Self::passing(Class::RateLimited(limit.and_then(RateLimit::used_up_until)), reason),
                408 | 500.. => Self::passing(Class::Server, reason),
                401 => Self::Unauthorized(reason),
                400 | 409 | 413 | 414 | 422 => Self::InvalidRequest(reason),
                _ => Self::Final(reason),
            },
        }
    }
}
