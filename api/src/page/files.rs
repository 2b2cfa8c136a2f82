//! The style, the script and the icon.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use page::assets::{self, Asset, ICON};

use super::answer::Refusal;

/// `GET /assets/{name}`: a file that never changes, since its name has a hash of its content.
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let Some(Asset { media_type, content, .. }) = assets::at(&format!("/assets/{name}")) else {
        return Err(Refusal::problem(
            StatusCode::NOT_FOUND,
            "there is no such file; it may be of another version",
        ));
    };
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, *media_type), kept], *content).into_response())
}

/// `GET /icon.svg`
pub(super) async fn icon() -> Response {
    let kept = (header::CACHE_CONTROL, "public, max-age=86400");
    ([(header::CONTENT_TYPE, "image/svg+xml"), kept], ICON).into_response()
}
