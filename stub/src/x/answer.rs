//! Answers, and errors in X's shape.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::clock::unix_seconds;

/// An error, in X's shape.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    headers: Box<HeaderMap>,
    pub(crate) body: Value,
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

    /// A wrong token.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            json!({ "title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401 }),
        )
    }

    /// More requests than the limit allows.
    pub(crate) fn too_many_requests() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            json!({
                "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429,
            }),
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, *self.headers, content_type, self.body.to_string()).into_response()
    }
}

/// A successful answer.
pub(crate) fn ok(body: Value) -> Response {
    (StatusCode::OK, Json(body)).into_response()
}
