//! The headers of every answer: what a page may load, who may embed it, and who may keep it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// What a page may load: what comes with it, and nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same with the pictures that X serves.
pub(super) const WITH_PICTURES: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https://pbs.twimg.com; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A drawing that is opened by itself has its style in it.
pub(super) const DRAWING: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Other sites learn nothing of where a reader comes from. `no-referrer` would hide the origin from the page's own forms too, and
/// [`refuse_forged`](super::origin::refuse_forged) needs it.
const REFERRER_POLICY: &str = "same-origin";

/// Adds the headers that an answer does not have yet.
pub(super) async fn complete(mut response: Response) -> Response {
    let add: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, REFERRER_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in add {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_all_that_a_page_with_pictures_may_load_besides() {
        let without = WITH_PICTURES.replace(" https://pbs.twimg.com", "");
        assert_eq!(without, CONTENT_SECURITY_POLICY);
    }
}
