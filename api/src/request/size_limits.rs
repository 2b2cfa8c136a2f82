//! How long a request's address and headers may be.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::error::ApiError;

/// The longest address. The longest useful one, a page of a filtered query, has about 6,000 bytes; in AWS the gateway
/// takes 10,240 for the address and all headers.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const ADDRESS_BYTES: usize = 8 * 1024;

/// The largest headers, names included. A browser sends many cookies to a machine that runs many programs.
const HEADER_BYTES: usize = 32 * 1024;

/// Middleware: refuses requests whose address or headers are too long.
pub(crate) async fn limit_head(request: Request, next: Next) -> Result<Response, ApiError> {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > ADDRESS_BYTES {
        return Err(ApiError::AddressTooLong { limit: ADDRESS_BYTES, bytes: address });
    }
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > HEADER_BYTES {
        return Err(ApiError::HeadersTooLarge { limit: HEADER_BYTES, bytes: headers });
    }
    Ok(next.run(request).await)
}
