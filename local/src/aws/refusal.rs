//! An error answer in the format of AWS's JSON protocols.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer in the format of AWS's JSON protocols.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// A failure of this machine: the same request may succeed later.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure");
        Self { status, code, message: message.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "__type": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}
