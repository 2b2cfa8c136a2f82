//! X's recent counts: how many posts of the last seven days its search finds for a keyword.

use std::time::Duration;

use json_api::Answer;
use posts::Keyword;
use serde::Deserialize;
use utc_time::UtcTime;
use x::{Bucket, Meaning};

use super::{NoClient, XApi};

/// How long X may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there are no counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecentCountsError {
    #[error("`keyword` was rejected by X: {reason}")]
    KeywordRejected {
        /// In X's words.
        reason: String,
    },
    #[error("X's rate limit for counts is exhausted; try again in its next window")]
    RateLimited {
        /// Until the next window, if X says when it begins.
        retry_after: Option<Duration>,
    },
    #[error("X answers no more requests that cost money: {reason}")]
    OutOfCredits {
        /// In X's words.
        reason: String,
    },
    #[error("X refused the bearer token with status {status}")]
    TokenRefused { status: u16 },
    #[error("X answered with status {status}")]
    Refused { status: u16 },
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("failed to ask X for counts")]
    Request(#[source] json_api::Error),
    #[error("X did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
}

impl RecentCountsError {
    /// Whether the details are for the log alone.
    pub(crate) fn is_backend_failure(&self) -> bool {
        match self {
            Self::NoClient(error) => error.is_backend_failure(),
            Self::Request(_) | Self::Timeout => true,
            Self::KeywordRejected { .. }
            | Self::RateLimited { .. }
            | Self::OutOfCredits { .. }
            | Self::TokenRefused { .. }
            | Self::Refused { .. } => false,
        }
    }
}

/// What X says of a request that it refuses.
#[derive(Default, Deserialize)]
struct Explanation {
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    message: Option<String>,
}

impl XApi {
    /// The posts that X's search finds for `keyword`, in whatever buckets X counts them. X charges for asking.
    pub(crate) async fn recent_counts(&self, keyword: &Keyword) -> Result<Vec<Bucket>, RecentCountsError> {
        let client = self.client().await?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, client.counts(keyword.as_str()));
        let Answer { outcome, limit } = answer.await.map_err(|_| RecentCountsError::Timeout)?;
        let refusal = match outcome {
            Ok(buckets) => return Ok(buckets),
            Err(json_api::Error::Refused(refusal)) => refusal,
            Err(error) => return Err(RecentCountsError::Request(error)),
        };
        if matches!(x::meaning(&refusal), Some(Meaning::OutOfCredits | Meaning::MonthlyCap)) {
            return Err(RecentCountsError::OutOfCredits { reason: refusal.reason });
        }
        Err(match refusal.status.as_u16() {
            400 => RecentCountsError::KeywordRejected { reason: reason(refusal.explanation) },
            429 => {
                let retry_after = limit.map(|limit| limit.reset.since(UtcTime::now()));
                RecentCountsError::RateLimited { retry_after }
            }
            status @ (401 | 403) => RecentCountsError::TokenRefused { status },
            status => RecentCountsError::Refused { status },
        })
    }
}

fn reason(explanation: serde_json::Value) -> String {
    let Explanation { errors, detail } = serde_json::from_value(explanation).unwrap_or_default();
    let reason = errors.into_iter().find_map(|reason| reason.message).or(detail);
    reason.unwrap_or_else(|| "X gave no reason".to_owned())
}
