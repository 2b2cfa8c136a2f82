//! Requests to a source: its token, its rate limits, and what its answers mean for trying again.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use stream::reading::Window;
use utc_time::UtcTime;

use crate::ledger::Ledger;
use crate::reconnect::Class;
use crate::source::Failure;

/// How long a source may take to begin an answer, and to end one that is not a stream.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer that is not a stream: a page of a hundred long posts with all they refer to is
/// far smaller.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// A client of one source.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
    /// Marked sensitive, so that it shows in no log.
    authorization: Option<HeaderValue>,
    ledger: Ledger,
}

impl Http {
    /// A client of the source at `base`, bearing `token`.
    pub(crate) fn new(base: &str, token: Option<&str>, ledger: Ledger) -> Result<Self, Failure> {
        service::aws::install_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("aviary/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(ANSWER_TIMEOUT)
            // A stream of its own connection: what is dropped is closed, and never used again.
            .pool_max_idle_per_host(0)
            .gzip(true)
            .build()
            .map_err(|error| Failure::ours(format!("cannot make a client: {error}")))?;
        let authorization = token.map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| Failure::ours("the bearer token holds characters that no token has"))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client, base, authorization: authorization.transpose()?, ledger })
    }

    /// A request, to be sent by [`Http::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// Sends a request as soon as what is left of its endpoint's window allows it.
    pub(crate) async fn send(
        &self,
        endpoint: &'static str,
        request: RequestBuilder,
    ) -> Result<Response, Failure> {
        self.allowed(endpoint).await;
        self.send_now(endpoint, request).await
    }

    /// Waits until what is left of an endpoint's window allows a request: for one that says what time it is.
    pub(crate) async fn allowed(&self, endpoint: &'static str) {
        loop {
            let wait = self.ledger.request_wait(endpoint, UtcTime::now());
            if wait.is_zero() {
                return;
            }
            tracing::info!(endpoint, wait_s = wait.as_secs(), "waiting for the rate limit's next window");
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request at once.
    pub(crate) async fn send_now(
        &self,
        endpoint: &'static str,
        request: RequestBuilder,
    ) -> Result<Response, Failure> {
        self.ledger.requesting(endpoint);
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(network(&error)),
            Err(_) => return Err(Failure::passing(Class::Network, "the source did not answer in time")),
        };
        let window = window(answer.headers());
        if let Some(window) = window {
            self.ledger.answered(endpoint, window);
        }
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let reason = refusal(status, self.authorization.is_some(), &explanation(answer).await);
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS => {
                Failure::passing(Class::RateLimited(window.map(|window| window.reset)), reason)
            }
            StatusCode::REQUEST_TIMEOUT => Failure::passing(Class::Server, reason),
            status if status.is_server_error() => Failure::passing(Class::Server, reason),
            status => Failure::Final { status: Some(status.as_u16()), reason },
        })
    }

    /// Sends a request and reads its whole answer.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        request: RequestBuilder,
    ) -> Result<T, Failure> {
        let answer = self.send(endpoint, request).await?;
        let body = tokio::time::timeout(ANSWER_TIMEOUT, body(answer, ANSWER_BYTES))
            .await
            .map_err(|_| Failure::passing(Class::Network, "the source did not end its answer in time"))??;
        serde_json::from_slice(&body).map_err(|error| {
            let reason = format!("an answer of the source is not what it documents: {:?}", error.classify());
            Failure::passing(Class::Server, reason)
        })
    }
}

/// A failure on the way, without the URL: it says nothing that the reader does not know.
pub(crate) fn network(error: &reqwest::Error) -> Failure {
    let mut reason = String::from("the connection failed");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    Failure::passing(Class::Network, reason)
}

async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| network(&error))? {
        if body.len() + chunk.len() > most {
            return Err(Failure::passing(Class::Server, "an answer of the source is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What is left of a rate limit. X writes the window's end in seconds since 1970, Mastodon as a date.
fn window(headers: &HeaderMap) -> Option<Window> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let reset = text("x-rate-limit-reset").or_else(|| text("x-ratelimit-reset"))?;
    let remaining = text("x-rate-limit-remaining").or_else(|| text("x-ratelimit-remaining"));
    let reset = match reset.parse::<i64>() {
        Ok(seconds) => UtcTime::from_millis(seconds.checked_mul(1000)?).ok()?,
        Err(_) => reset.parse().ok()?,
    };
    // A limit whose rest is not told is not known to be used up.
    Some(Window { remaining: remaining.and_then(|text| text.parse().ok()).unwrap_or(u32::MAX), reset })
}

/// What an error is, for people to read in a state: the source's own explanation where it says more than the status, and
/// what to do where that is known.
fn refusal(status: StatusCode, bears_token: bool, explanation: &Value) -> String {
    let mut reason = format!("the source answered {status}");
    let first = &explanation["errors"][0];
    let texts = [&first["message"], &explanation["detail"], &explanation["title"], &explanation["error"]];
    let says_more =
        |text: &&str| !status.canonical_reason().unwrap_or_default().eq_ignore_ascii_case(text.trim());
    if let Some(text) = texts.into_iter().filter_map(Value::as_str).find(says_more) {
        reason.push_str(": ");
        reason.extend(text.chars().take(200));
    }
    if status == StatusCode::UNAUTHORIZED {
        reason.push_str(if bears_token {
            "; it refuses the bearer token: set a valid one"
        } else {
            "; it takes a bearer token, and there is none"
        });
    }
    reason
}

/// What the source says of an error; nothing, if that is not JSON.
async fn explanation(answer: Response) -> Value {
    const ERROR_BYTES: usize = 64 * 1024;
    let body = tokio::time::timeout(ANSWER_TIMEOUT, body(answer, ERROR_BYTES)).await;
    body.ok().and_then(Result::ok).and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn windows_are_read_as_x_and_mastodon_write_them() {
        let reset: UtcTime = "2026-11-24T10:00:00Z".parse().unwrap();
        let x = headers(&[("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "1795514400")]);
        assert_eq!(window(&x), Some(Window { remaining: 7, reset }));
        let mastodon = headers(&[
            ("x-ratelimit-remaining", "299"),
            ("x-ratelimit-reset", "2026-11-24T10:00:00.000000Z"),
        ]);
        assert_eq!(window(&mastodon), Some(Window { remaining: 299, reset }));
        assert_eq!(window(&headers(&[("x-rate-limit-reset", "soon")])), None);
        assert_eq!(window(&HeaderMap::new()), None);
    }

    #[test]
    fn a_refusal_says_each_thing_once_and_what_to_do() {
        let told = |status: StatusCode, explanation: Value| refusal(status, true, &explanation);
        // As X answers: <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>.
        let unauthorized = json!({ "title": "Unauthorized", "detail": "Unauthorized", "status": 401 });
        assert_eq!(
            told(StatusCode::UNAUTHORIZED, unauthorized),
            "the source answered 401 Unauthorized; it refuses the bearer token: set a valid one"
        );
        assert_eq!(
            refusal(StatusCode::UNAUTHORIZED, false, &json!({ "error": "The access token is invalid" })),
            "the source answered 401 Unauthorized: The access token is invalid; it takes a bearer token, and there is none"
        );
        let not_enrolled = json!({ "title": "Client Forbidden", "detail": "must be attached to a Project" });
        assert_eq!(
            told(StatusCode::FORBIDDEN, not_enrolled),
            "the source answered 403 Forbidden: must be attached to a Project"
        );
        assert_eq!(told(StatusCode::BAD_GATEWAY, Value::Null), "the source answered 502 Bad Gateway");
        let long = told(StatusCode::BAD_REQUEST, json!({ "errors": [{ "message": "é".repeat(300) }] }));
        assert_eq!(long, format!("the source answered 400 Bad Request: {}", "é".repeat(200)));
    }
}
