//! Whether a request comes from the page itself: a browser sends along the cookie and what another site makes it send.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Refusal;

/// Middleware: refuses forms that the page itself has not sent.
pub(super) async fn refuse_forged(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !(is_own_origin(request.headers()) && is_own_fetch(request.headers())) {
        return refusal().into_response();
    }
    next.run(request).await
}

/// What is answered to a request that another site has made a browser send.
pub(super) fn refusal() -> Refusal {
    Refusal::problem(StatusCode::FORBIDDEN, "this was not sent by this page; go to it, and do it there")
}

/// Whether a browser, if it says so at all, says that the request was made by the page or by its reader.
pub(super) fn is_own_visit(headers: &HeaderMap) -> bool {
    matches!(fetch_site(headers), None | Some("same-origin" | "none"))
}

/// Whether a browser, if it says so at all, says that the request was made by the page.
fn is_own_fetch(headers: &HeaderMap) -> bool {
    matches!(fetch_site(headers), None | Some("same-origin"))
}

fn fetch_site(headers: &HeaderMap) -> Option<&str> {
    headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or_default())
}

/// Whether the header `Origin` names the host that was asked.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())?.to_str().ok()
    };
    let origin = one(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    match (origin, one(header::HOST)) {
        (Some(("http" | "https", origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: axum::http::HeaderName = name;
            map.append(name, value);
        }
        is_own_origin(&map) && is_own_fetch(&map)
    }

    #[test]
    fn a_form_is_the_pages_own_if_its_origin_is_the_host() {
        let host = ("host", "localhost:8080");
        assert!(is_own(&[host, ("origin", "http://localhost:8080")]));
        assert!(is_own(&[host, ("origin", "https://localhost:8080"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn forged_forms_are_not() {
        let (host, origin) = (("host", "localhost:8080"), ("origin", "http://localhost:8080"));
        for forged in [
            &[host][..],
            &[origin],
            &[host, ("origin", "null")],
            &[host, ("origin", "")],
            &[host, ("origin", "http://localhost:8081")],
            &[host, ("origin", "http://localhost")],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "http://localhost:8080.evil.example")],
            &[host, ("origin", "http://evil.example/http://localhost:8080")],
            &[host, ("origin", "file://localhost:8080")],
            &[host, origin, ("origin", "http://evil.example")],
            &[host, origin, ("sec-fetch-site", "cross-site")],
            &[host, origin, ("sec-fetch-site", "same-site")],
            &[host, origin, ("sec-fetch-site", "none")],
            &[host, origin, ("sec-fetch-site", "")],
        ] {
            assert!(!is_own(forged), "{forged:?}");
        }
    }
}
