//! How long a request's first line and headers may be.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Problem;

/// The longest address. The longest that is asked for, a filtered walk of posts, has some 6,000 bytes; in AWS the
/// gateway takes 10,240 of it and all headers.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const ADDRESS_BYTES: usize = 8 * 1024;

/// The most bytes of headers, their names among them: a browser's for a machine on which many things run.
const HEADER_BYTES: usize = 32 * 1024;

/// Refuses requests whose address or headers are too long.
pub(crate) async fn bounded(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if address > ADDRESS_BYTES {
        let detail = format!("an address may have at most {ADDRESS_BYTES} bytes, this one has {address}");
        return Problem::new(StatusCode::URI_TOO_LONG, detail).into_response();
    }
    if headers > HEADER_BYTES {
        let detail = format!("headers may have at most {HEADER_BYTES} bytes together, these have {headers}");
        return Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail).into_response();
    }
    next.run(request).await
}
