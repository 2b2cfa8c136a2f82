//! `/docs`: the API's description as a page. Its files are compiled in, and it loads nothing from other hosts.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::{Router, middleware};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// What the page may load and who may embed it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
);

/// The routes of the page.
pub(crate) fn docs_page() -> Router {
    // The validator is another host, which would be sent the description's address unless that is a loopback one.
    let config = Config::new(["/openapi.json"]).validator_url("none").try_it_out_enabled(true);
    let page: Router = SwaggerUi::new("/docs").config(config).into();
    page.layer(middleware::map_response(branded))
}

/// An answer with the API's title and content security policy.
async fn branded(response: Response) -> Response {
    let mut response = titled(response).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    response
}

/// The page with the API's title instead of Swagger's; other answers are unchanged.
async fn titled(response: Response) -> Response {
    let is_html = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    if !response.headers().get(header::CONTENT_TYPE).is_some_and(is_html) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The page is in memory, so reading it does not fail; if it did, the answer would be empty.
    let html = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = String::from_utf8_lossy(&html);
    let html = html.replacen("<title>Swagger UI</title>", "<title>Aviary API</title>", 1);
    Response::from_parts(parts, Body::from(html))
}
