//! X's counts: how many posts its search finds for a keyword.

use std::time::Duration;

use json_api::Answer;
use posts::Keyword;
use serde::Deserialize;
use stream::asked::AskedForCounts;
use tokio::time::Instant;
use utc_time::UtcTime;
use x::{Bucket, Meaning, Reach};

use super::{NoClient, XApi};

/// How long X may take to answer. A function has 29 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The most pages of full-archive counts that are asked for, of 31 days each: about a year. Each costs money.
const PAGES: u64 = 12;

/// Why there are no counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountsError {
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
    #[error("`since` must not be more than seven days ago: X does not offer this account older posts")]
    ArchiveRefused,
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

impl CountsError {
    /// Whether the details are for the log alone.
    pub(crate) fn is_backend_failure(&self) -> bool {
        match self {
            Self::NoClient(error) => error.is_backend_failure(),
            Self::Request(_) | Self::Timeout => true,
            Self::KeywordRejected { .. }
            | Self::RateLimited { .. }
            | Self::OutOfCredits { .. }
            | Self::ArchiveRefused
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

/// How many posts X's search finds for a keyword.
#[derive(Debug)]
pub(crate) struct Counts {
    /// The counts, in whatever buckets X chose.
    pub(crate) buckets: Vec<Bucket>,
    /// Whether there are earlier counts that were not asked for, or did not arrive in time.
    pub(crate) is_cut: bool,
}

impl XApi {
    /// The posts that X's search finds for `keyword`: those of the last seven days, or since `since` if that is earlier, as far as X counts them in
    /// time. X charges for each request that it answers: `asked` counts them, also before an error.
    pub(crate) async fn counts(
        &self,
        keyword: &Keyword,
        since: Option<UtcTime>,
        asked: &mut AskedForCounts,
    ) -> Result<Counts, CountsError> {
        let client = self.client().await?;
        let recent = UtcTime::now().before(x::limits::SEARCH_REACH);
        let since = since.filter(|since| *since < recent);
        let reach = if since.is_some() { Reach::Archive } else { Reach::Recent };
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut counts = Counts { buckets: Vec::new(), is_cut: true };
        let mut next: Option<String> = None;
        while asked.requests < PAGES {
            let request = client.counts(reach, keyword.as_str(), since, next.as_deref());
            let answer = tokio::time::timeout_at(deadline, request).await;
            // Also if it does not answer in time, X may charge.
            let is_first = asked.requests == 0;
            let page = match answer.map(|Answer { outcome, limit }| (outcome, limit)) {
                Ok((Ok(page), _)) => Some(page),
                Ok((Err(json_api::Error::Refused(refusal)), limit)) => {
                    return Err(refused(refusal, reach, limit));
                }
                Ok((Err(error), _)) => return Err(CountsError::Request(error)),
                Err(_) => None,
            };
            asked.requests += 1;
            asked.micro_dollars += reach.micro_dollars_a_count();
            match page {
                Some(page) => {
                    counts.buckets.extend(page.buckets);
                    next = page.next;
                    counts.is_cut = next.is_some();
                }
                None if is_first => return Err(CountsError::Timeout),
                None => break,
            }
            if next.is_none() {
                break;
            }
        }
        Ok(counts)
    }
}

/// Why X refused to count.
fn refused(refusal: json_api::Refusal, reach: Reach, limit: Option<json_api::RateLimit>) -> CountsError {
    if matches!(x::meaning(&refusal), Some(Meaning::OutOfCredits | Meaning::MonthlyCap)) {
        return CountsError::OutOfCredits { reason: refusal.reason };
    }
    match refusal.status.as_u16() {
        status @ 400 if x::names_others_than_query(&refusal) => {
            tracing::error!(%refusal, "X refused a request for counts");
            CountsError::Refused { status }
        }
        400 => CountsError::KeywordRejected { reason: reason(refusal.explanation) },
        403 if reach == Reach::Archive => CountsError::ArchiveRefused,
        429 => {
            let retry_after = limit.map(|limit| limit.reset.since(UtcTime::now()));
            CountsError::RateLimited { retry_after }
        }
        status @ (401 | 403) => CountsError::TokenRefused { status },
        status => CountsError::Refused { status },
    }
}

fn reason(explanation: serde_json::Value) -> String {
    let Explanation { errors, detail } = serde_json::from_value(explanation).unwrap_or_default();
    let reason = errors.into_iter().find_map(|reason| reason.message).or(detail);
    reason.unwrap_or_else(|| "X gave no reason".to_owned())
}
