//! What all answers of X's protocol have in common: the token, the limits, the errors.

use std::time::Duration;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::unix_seconds;
use crate::limits::{Endpoint, Standing};
use crate::stub::Stub;

/// A request with the right token, while no fault keeps the stub from answering.
pub(crate) struct Authorized;

impl FromRequestParts<Stub> for Authorized {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, stub: &Stub) -> Result<Self, Failure> {
        let expected = format!("Bearer {}", stub.inner.token);
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if given != Some(expected.as_str()) {
            return Err(Failure::new(StatusCode::UNAUTHORIZED, unauthorized()));
        }
        if let Some((status, left)) = stub.world().faults.status(Instant::now()) {
            return Err(Failure::asked_for(status, left));
        }
        Ok(Self)
    }
}

/// An error, in X's shape.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    headers: Box<HeaderMap>,
    body: Value,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, headers: Box::default(), body }
    }

    /// The error that a fault asks for, for as long as it lasts.
    pub(crate) fn asked_for(status: u16, left: Duration) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let title = status.canonical_reason().unwrap_or("Error");
        let mut failure = Self::new(
            status,
            json!({ "title": title, "detail": title, "type": "about:blank", "status": status.as_u16() }),
        );
        if status == StatusCode::TOO_MANY_REQUESTS {
            failure.headers.insert("x-rate-limit-reset", HeaderValue::from(unix_seconds(left)));
            failure.headers.insert("x-rate-limit-remaining", HeaderValue::from(0));
        }
        failure
    }

    /// A request that X cannot understand.
    pub(crate) fn invalid(parameter: &str, value: &str, message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            json!({
                "errors": [{ "parameters": { parameter: [value] }, "message": message }],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": "https://api.x.com/2/problems/invalid-request",
            }),
        )
    }

    pub(crate) fn with(mut self, standing: Standing) -> Self {
        self.headers.extend(limit_headers(standing));
        self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, *self.headers, content_type, self.body.to_string()).into_response()
    }
}

/// Counts a request; refuses it when its limit is used up.
pub(crate) fn within_limit(stub: &Stub, endpoint: Endpoint) -> Result<Standing, Failure> {
    let mut world = stub.world();
    let standing = world.limits.count(endpoint, Instant::now());
    if standing.allowed {
        return Ok(standing);
    }
    world.refusals += 1;
    drop(world);
    let body = json!({
        "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429,
    });
    Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, body).with(standing))
}

/// The headers that every answer carries.
pub(crate) fn limit_headers(standing: Standing) -> HeaderMap {
    HeaderMap::from_iter([
        (header::HeaderName::from_static("x-rate-limit-limit"), HeaderValue::from(standing.limit)),
        (header::HeaderName::from_static("x-rate-limit-remaining"), HeaderValue::from(standing.remaining)),
        (header::HeaderName::from_static("x-rate-limit-reset"), HeaderValue::from(standing.reset)),
    ])
}

/// A successful answer.
pub(crate) fn ok(status: StatusCode, standing: Standing, body: Value) -> Response {
    (status, limit_headers(standing), Json(body)).into_response()
}

fn unauthorized() -> Value {
    json!({ "title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401 })
}
