//! Keeps other sites, opened in a browser on this machine, away from an API that requires no key on loopback.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::server::problem;

/// Refuses requests for a host name other than this machine's, which a site can resolve to loopback, and requests
/// that a browser sends for a page of another origin.
pub(crate) async fn only_this_machine(request: Request, next: Next) -> Response {
    let Some(detail) = refusal(&request) else { return next.run(request).await };
    problem(StatusCode::FORBIDDEN, &detail)
}

/// The reason to refuse a request; `None` if it is allowed.
pub(crate) fn refusal(request: &Request) -> Option<String> {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let origin = header(header::ORIGIN).map(|origin| origin.strip_prefix("http://").unwrap_or(origin));
    match (header(header::HOST), origin) {
        (None, _) => Some("the request has no Host header".to_owned()),
        (Some(host), _) if !is_this_machine(host) => Some(format!("{host:?} is not a name of this machine")),
        (Some(host), Some(origin)) if origin != host => {
            Some(format!("pages of {origin:?} may not use this API"))
        }
        // A link to a view may be followed; nothing may be loaded into a page of another site, which costs money where X is asked.
        _ if is_of_another_site(&header) && header_mode(&header) != Some("navigate") => {
            Some("pages of other sites may not use this API".to_owned())
        }
        _ if is_of_another_site(&header) && request.uri().path() == "/stream/estimate" => {
            Some("pages of other sites may not ask X".to_owned())
        }
        _ => None,
    }
}

/// Whether a browser says that a page of another site has made it send the request.
fn is_of_another_site<'a>(header: &impl Fn(HeaderName) -> Option<&'a str>) -> bool {
    matches!(header(HeaderName::from_static("sec-fetch-site")), Some("cross-site" | "same-site"))
}

/// What a browser says that the request is for.
fn header_mode<'a>(header: &impl Fn(HeaderName) -> Option<&'a str>) -> Option<&'a str> {
    header(HeaderName::from_static("sec-fetch-mode"))
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_may_link_to_a_view_and_load_nothing() {
        let is_refused = |path: &str, site: &str, mode: &str| {
            let request = Request::builder().uri(path).header("host", "127.0.0.1:8080");
            let request = request.header("sec-fetch-site", site).header("sec-fetch-mode", mode);
            refusal(&request.body(axum::body::Body::empty()).unwrap()).is_some()
        };
        for (refused, path, site, mode) in [
            (false, "/browse", "cross-site", "navigate"),
            (true, "/stream", "cross-site", "no-cors"),
            (true, "/stream/estimate", "cross-site", "no-cors"),
            (true, "/stream/estimate", "same-site", "navigate"),
            (false, "/stream/estimate", "same-origin", "cors"),
            (false, "/stream", "none", "navigate"),
        ] {
            assert_eq!(is_refused(path, site, mode), refused, "{path} {site} {mode}");
        }
    }

    #[test]
    fn only_loopback_is_this_machine() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:80", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.168.0.9:8080"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
