//! Checking API keys where no gateway does.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::authorizer::{Authorizer, Verdict};
use crate::error::ApiError;

/// Middleware: refuses requests that their key does not allow.
pub(crate) async fn require_key(
    State(authorizer): State<Authorizer>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    match authorizer.check(request.method(), request.uri().path(), authorization).await? {
        Verdict::Allowed { .. } => Ok(next.run(request).await),
        Verdict::NoValidKey => Err(ApiError::NoValidKey),
        Verdict::ScopeTooSmall => Err(ApiError::KeyCannotControl),
    }
}
