//! Why a source did not do what it was asked.

use json_api::{Error, RateLimit};
use utc_time::UtcTime;

/// Why a source did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may do so later.
    #[error("{reason}")]
    Passing {
        /// How long to wait.
        class: Class,
        /// What happened, for people to read.
        reason: String,
    },
    /// It refuses the token; somebody may set a valid one.
    #[error("{0}")]
    Unauthorized(String),
    /// It refuses what was asked for; it might do something else.
    #[error("{0}")]
    InvalidRequest(String),
    /// Asking again will not help.
    #[error("{0}")]
    Final(String),
}

/// The kind of a failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The source ended a connection that had worked.
    Dropped,
    /// We ended it: the source may not have noticed yet.
    HungUp,
    /// TCP, TLS or DNS failed.
    Network,
    /// The source answered 5xx.
    Server,
    /// The source answered 429; the limit ends then, if it said so.
    RateLimited(Option<UtcTime>),
}

impl Failure {
    /// A failure that may pass.
    pub fn passing(class: Class, reason: impl Into<String>) -> Self {
        Self::Passing { class, reason: reason.into() }
    }

    /// What an API's answer means, where it also said that much of its limit is left.
    #[must_use]
    pub fn from_answer(error: Error, limit: Option<RateLimit>) -> Self {
        let reason = error.to_string();
        match error {
            Error::Connection(_) | Error::Timeout => Self::passing(Class::Network, reason),
            Error::Closed => Self::passing(Class::Dropped, reason),
            Error::TooLarge | Error::Unexpected(_) => Self::passing(Class::Server, reason),
            Error::Refused(refusal) => match refusal.status.as_u16() {
                429 => Self::passing(Class::RateLimited(limit.map(|limit| limit.reset)), reason),
                408 | 500.. => Self::passing(Class::Server, reason),
                401 => Self::Unauthorized(reason),
                400 | 409 | 413 | 414 | 422 => Self::InvalidRequest(reason),
                _ => Self::Final(reason),
            },
        }
    }
}
