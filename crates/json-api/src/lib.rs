//! A client of an HTTP API that answers in JSON, as X and Mastodon do.
//!
//! Every answer has a deadline and a size limit. What it says about the endpoint's rate limit comes with it, also in a
//! refusal. Nothing is retried here: the caller knows when to.

mod refusal;

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utc_time::UtcTime;

pub use refusal::Refusal;

/// How long an API may take to begin an answer, and to complete an answer that is not a stream.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer that is not a stream, in bytes. A page of a hundred long posts, with everything that they refer to, is far
/// smaller.
pub const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The longest explanation of a refusal that is read, in bytes.
const EXPLANATION_BYTES: usize = 64 * 1024;

/// A client of one API.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// Marked sensitive, so that it shows in no log.
    authorization: Option<HeaderValue>,
}

/// Why a client could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClient {
    /// The token cannot be sent in a header.
    #[error("the bearer token contains characters that no token has")]
    Token,
    /// The HTTP client could not be set up.
    #[error("failed to set up an HTTP client: {0}")]
    Http(String),
}

/// What an API answered, and what its answer said about the rate limit.
#[derive(Debug)]
pub struct Answer<T> {
    /// What was requested, or why it failed.
    pub outcome: Result<T, Error>,
    /// What is left of the endpoint's limit, if the answer says.
    pub limit: Option<RateLimit>,
}

/// What is left of an endpoint's rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests are left; [`u32::MAX`] if the answer does not say.
    pub remaining: u32,
    /// When the window ends.
    pub reset: UtcTime,
}

impl RateLimit {
    /// When requests are possible again, by an answer that says that there were too many; `None` if it also says that some are left.
    #[must_use]
    pub fn used_up_until(self) -> Option<UtcTime> {
        matches!(self.remaining, 0 | u32::MAX).then_some(self.reset)
    }
}

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The connection could not be made, or broke.
    #[error("the connection failed{0}")]
    Connection(String),
    /// The API closed the connection in the middle of its answer.
    #[error("the source closed the stream")]
    Closed,
    /// The answer did not begin, or did not end, within [`ANSWER_TIMEOUT`].
    #[error("the source did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
    /// The answer is larger than [`ANSWER_BYTES`].
    #[error("the source's answer is larger than {} MiB", ANSWER_BYTES / 1024 / 1024)]
    TooLarge,
    /// The answer is not the JSON that the API documents.
    #[error("the source's answer is not what it documents: {0:?}")]
    Unexpected(serde_json::error::Category),
    /// The API refused.
    #[error("{0}")]
    Refused(Refusal),
}

impl Client {
    /// A client of the API at the URL `base`, without a token. The process must have a default TLS provider.
    ///
    /// # Errors
    /// [`InvalidClient::Http`].
    pub fn new(base: &str) -> Result<Self, InvalidClient> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("aviary/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(ANSWER_TIMEOUT)
            // A stream has a connection of its own, which is closed with it and never reused.
            .pool_max_idle_per_host(0)
            .gzip(true)
            .build()
            .map_err(|error| InvalidClient::Http(error.to_string()))?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), authorization: None })
    }

    /// The same client, which sends `token` with each request.
    ///
    /// # Errors
    /// [`InvalidClient::Token`].
    pub fn bearing(mut self, token: &str) -> Result<Self, InvalidClient> {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidClient::Token)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// A request, to be passed to [`Client::open`] or [`Client::json`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// A request to the URL `url` of whichever server the API names. It bears no token: that is the API's alone.
    pub fn request_elsewhere(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request whose answer is a stream.
    pub async fn open(&self, request: RequestBuilder) -> Answer<Response> {
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Answer { outcome: Err(connection(&error)), limit: None },
            Err(_) => return Answer { outcome: Err(Error::Timeout), limit: None },
        };
        answered(answer, self.authorization.is_some()).await
    }

    /// Sends a request with a large body, which may take `within` to be sent and answered. The answer's body is not read.
    pub async fn upload(&self, request: RequestBuilder, within: Duration) -> Answer<()> {
        match tokio::time::timeout(within, request.send()).await {
            Ok(Ok(answer)) => answered(answer, false).await.map(|_| ()),
            Ok(Err(error)) => Answer { outcome: Err(connection(&error)), limit: None },
            Err(_) => {
                let slow = format!(": the upload took longer than {} s", within.as_secs());
                Answer { outcome: Err(Error::Connection(slow)), limit: None }
            }
        }
    }

    /// Sends a request and reads its answer to the end.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Answer<T> {
        self.bytes(request).await.and_then(|body| parse(&body))
    }

    /// Sends a request and reads its answer to the end, to be passed to [`parse`] if the result borrows from it.
    pub async fn bytes(&self, request: RequestBuilder) -> Answer<Vec<u8>> {
        let Answer { outcome, limit } = self.open(request).await;
        let outcome = match outcome {
            Ok(answer) => tokio::time::timeout(ANSWER_TIMEOUT, body(answer, ANSWER_BYTES))
                .await
                .unwrap_or(Err(Error::Timeout)),
            Err(error) => Err(error),
        };
        Answer { outcome, limit }
    }
}

/// What an answer says whose body was not read yet; `bears_token` says whether the request bore one.
pub async fn answered(answer: Response, bears_token: bool) -> Answer<Response> {
    let limit = rate_limit(answer.headers());
    let status = answer.status();
    if status.is_success() {
        return Answer { outcome: Ok(answer), limit };
    }
    let body = tokio::time::timeout(ANSWER_TIMEOUT, body(answer, EXPLANATION_BYTES)).await;
    let body = body.ok().and_then(Result::ok);
    // Null if it is not JSON.
    let explanation = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    let refusal = Refusal::new(status, bears_token, explanation);
    Answer { outcome: Err(Error::Refused(refusal)), limit }
}

/// Parses an answer.
///
/// # Errors
/// [`Error::Unexpected`].
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unexpected(error.classify()))
}

impl<T> Answer<T> {
    /// The same with another outcome.
    #[must_use]
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Answer<U> {
        self.and_then(|outcome| Ok(map(outcome)))
    }

    /// Converts the outcome, if there is one.
    #[must_use]
    pub fn and_then<U>(self, then: impl FnOnce(T) -> Result<U, Error>) -> Answer<U> {
        Answer { outcome: self.outcome.and_then(then), limit: self.limit }
    }
}

/// Why an open connection broke.
#[must_use]
pub fn broken(error: &reqwest::Error) -> Error {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    // A compressed stream that is closed ends in the middle of a block.
    let is_end = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof)
    };
    if error.is_decode() && causes.any(is_end) { Error::Closed } else { connection(error) }
}

/// A network failure, without the URL, which the reader knows.
fn connection(error: &reqwest::Error) -> Error {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    Error::Connection(causes.map(|cause| format!(": {cause}")).collect())
}

async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| connection(&error))? {
        if body.len() + chunk.len() > most {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What is left of a rate limit. X writes the end of the window in seconds since 1970, Mastodon as a date.
fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let reset = text("x-rate-limit-reset").or_else(|| text("x-ratelimit-reset"))?;
    let remaining = text("x-rate-limit-remaining").or_else(|| text("x-ratelimit-remaining"));
    let reset = match reset.parse::<i64>() {
        Ok(seconds) => UtcTime::from_millis(seconds.checked_mul(1000)?).ok()?,
        Err(_) => reset.parse().ok()?,
    };
    // Without a number of requests left, the limit is not known to be used up.
    Some(RateLimit { remaining: remaining.and_then(|text| text.parse().ok()).unwrap_or(u32::MAX), reset })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn rate_limits_are_read_as_x_and_mastodon_write_them() {
        let reset: UtcTime = "2026-11-24T10:00:00Z".parse().unwrap();
        let x = headers(&[("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "1795514400")]);
        assert_eq!(rate_limit(&x), Some(RateLimit { remaining: 7, reset }));
        let mastodon = headers(&[
            ("x-ratelimit-remaining", "299"),
            ("x-ratelimit-reset", "2026-11-24T10:00:00.000000Z"),
        ]);
        assert_eq!(rate_limit(&mastodon), Some(RateLimit { remaining: 299, reset }));
        assert_eq!(rate_limit(&headers(&[("x-rate-limit-reset", "soon")])), None);
        assert_eq!(rate_limit(&HeaderMap::new()), None);
    }
}
