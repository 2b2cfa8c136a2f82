//! X's recent counts: how many posts of the last seven days its search finds for a keyword.

use std::time::Duration;

use json_api::{Answer, InvalidClient};
use posts::Keyword;
use serde::Deserialize;
use service::parameters::{ParameterError, ParameterStore};
use utc_time::UtcTime;
use x::Bucket;

/// How long X may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A client of X's recent counts.
#[derive(Clone, Debug)]
pub(crate) struct RecentCounts {
    client: Result<x::Client, InvalidClient>,
    parameters: ParameterStore,
    token_parameter: String,
}

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
    #[error("X refused the bearer token with status {status}")]
    TokenRefused { status: u16 },
    #[error("X answered with status {status}")]
    Refused { status: u16 },
    #[error("the bearer token for X contains characters that no token has")]
    UnusableToken,
    #[error("failed to read the bearer token for X")]
    Token(#[from] ParameterError),
    #[error("failed to ask X for counts")]
    Client(#[source] InvalidClient),
    #[error("failed to ask X for counts")]
    Request(#[source] json_api::Error),
    #[error("X did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
}

impl RecentCountsError {
    /// Whether the details are for the log alone.
    pub(crate) fn is_backend_failure(&self) -> bool {
        match self {
            Self::Token(_) | Self::Client(_) | Self::Request(_) | Self::Timeout => true,
            Self::KeywordRejected { .. }
            | Self::RateLimited { .. }
            | Self::TokenRefused { .. }
            | Self::Refused { .. }
            | Self::UnusableToken => false,
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

impl RecentCounts {
    /// The counts of X at `url`, whose bearer token is in `token_parameter`.
    pub(crate) fn new(url: &str, parameters: ParameterStore, token_parameter: String) -> Self {
        service::aws::install_tls();
        Self { client: x::Client::new(url), parameters, token_parameter }
    }

    /// The posts that X's search finds for `keyword`, in whatever buckets X counts them. X charges for asking.
    pub(crate) async fn of(&self, keyword: &Keyword) -> Result<Vec<Bucket>, RecentCountsError> {
        let token = self.parameters.read(&self.token_parameter).await?.unwrap_or_default();
        let client = self.client.clone().map_err(RecentCountsError::Client)?;
        let client = client.bearing(&token).map_err(|_| RecentCountsError::UnusableToken)?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, client.counts(keyword.as_str()));
        let Answer { outcome, limit } = answer.await.map_err(|_| RecentCountsError::Timeout)?;
        let refusal = match outcome {
            Ok(buckets) => return Ok(buckets),
            Err(json_api::Error::Refused(refusal)) => refusal,
            Err(error) => return Err(RecentCountsError::Request(error)),
        };
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
