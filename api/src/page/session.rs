//! Who is using the page: the key in a cookie, and what it allows.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use page::address::Address;
use page::frame::Frame;
use page::session::sign_in;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use super::Page;
use super::answer::{Answer, Refusal, html, see_other};
use super::form::Form;
use crate::auth::{Scope, Verdict};
use crate::error::ApiError;

/// The cookie that holds the key.
const COOKIE: &str = "aviary";

/// Somebody who uses the page, and what they may do.
pub(super) struct Session {
    page: Arc<Page>,
    key: Option<String>,
    pub(super) frame: Frame,
}

/// What the API says of a request that it refuses.
#[derive(Deserialize)]
struct Told {
    detail: String,
}

impl FromRequestParts<Arc<Page>> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, page: &Arc<Page>) -> Result<Self, Refusal> {
        let key = cookie(&parts.headers);
        // What every view needs.
        let frame = match judge(page, &Method::GET, "/stream", key.as_deref()).await? {
            Verdict::Allowed { scope, .. } => {
                let may_control = scope == Scope::Control;
                Frame { signed_in: page.authorizer.is_some(), may_control, look_every: page.look_every }
            }
            _ if matches!(parts.method, Method::GET | Method::HEAD) => {
                let then = parts.uri.path_and_query().map_or("/", |then| then.as_str()).to_owned();
                return Err(Refusal::NotSignedIn { then });
            }
            _ => return Err(not_signed_in()),
        };
        Ok(Self { page: Arc::clone(page), key, frame })
    }
}

/// Where a program on the reader's machine finds the API, by the host that the reader has asked. A gateway in front of it says whether it was asked
/// over TLS.
pub(super) struct Host(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Host {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte);
        let host = if !host.is_empty() && host.bytes().all(is_plain) { host } else { "localhost:8080" };
        let is_tls = parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        Ok(Self(format!("{}://{host}", if is_tls { "https" } else { "http" })))
    }
}

impl Session {
    /// Whether posts are made up by the stub.
    pub(super) fn made_up(&self) -> bool {
        self.page.made_up
    }

    /// Asks the API: its answer, whatever the status, unless the key does not allow the request.
    ///
    /// # Errors
    /// The key does not allow it, or could not be checked.
    pub(super) async fn send(
        &self,
        method: Method,
        address: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Response, Refusal> {
        let path = address.split('?').next().unwrap_or_default();
        let key_name = match judge(&self.page, &method, path, self.key.as_deref()).await {
            Ok(Verdict::Allowed { key_name, .. }) => key_name,
            Ok(Verdict::ScopeTooSmall) => {
                return Err(refused(&ApiError::KeyCannotControl).within(&self.frame));
            }
            Ok(Verdict::NoValidKey) => return Err(not_signed_in()),
            Err(refusal) => return Err(refusal.within(&self.frame)),
        };
        let change = (!matches!(method, Method::GET | Method::HEAD)).then(|| format!("{method} {path}"));
        let mut request = Request::builder().method(method).uri(address);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(|_| {
            Refusal::problem(StatusCode::BAD_REQUEST, "the address cannot be read").within(&self.frame)
        })?;
        let response = match self.page.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if let Some(change) = change {
            tracing::info!(
                key = key_name,
                status = response.status().as_u16(),
                "the page asked for {change}"
            );
        }
        Ok(response)
    }

    /// Asks the API, and refuses what it refuses.
    ///
    /// # Errors
    /// What the API refuses, with its status and detail.
    pub(super) async fn ask(
        &self,
        method: Method,
        address: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Response, Refusal> {
        let response = self.send(method, address, body).await?;
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return Ok(response);
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        let detail = serde_json::from_slice(&body)
            .map_or_else(|_| "no reason is known".to_owned(), |Told { detail }| detail);
        Err(Refusal::problem(status, detail).within(&self.frame))
    }

    /// What `GET address` answers.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(super) async fn get<T: DeserializeOwned>(&self, address: impl ToString) -> Result<T, Refusal> {
        let address = address.to_string();
        let response = self.ask(Method::GET, &address, None).await?;
        let unreadable = |error: &dyn std::error::Error| {
            let path = address.split('?').next().unwrap_or_default();
            tracing::error!(%error, path, "failed to read what the API answers");
            Refusal::problem(StatusCode::INTERNAL_SERVER_ERROR, "the API's answer cannot be read")
                .within(&self.frame)
        };
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| unreadable(&error))?;
        serde_json::from_slice(&body).map_err(|error| unreadable(&error))
    }

    /// The names of the keys; `None` if none is required.
    ///
    /// # Errors
    /// They could not be read.
    pub(super) async fn keys(&self) -> Result<Option<Arc<crate::auth::Keys>>, Refusal> {
        let Some(authorizer) = &self.page.authorizer else { return Ok(None) };
        let keys = authorizer.keys().await;
        keys.map(Some).map_err(|error| refused(&ApiError::Authorizer(error)).within(&self.frame))
    }

    /// Refuses a key that may only read.
    ///
    /// # Errors
    /// As the API refuses what such a key may not do.
    pub(super) fn require_control(&self) -> Result<(), Refusal> {
        if self.frame.may_control {
            Ok(())
        } else {
            Err(refused(&ApiError::KeyCannotControl).within(&self.frame))
        }
    }
}

/// Whether a key allows a request. Without an authorizer, everything is allowed.
async fn judge(page: &Page, method: &Method, path: &str, key: Option<&str>) -> Result<Verdict, Refusal> {
    let Some(authorizer) = &page.authorizer else {
        return Ok(Verdict::Allowed { key_name: String::new(), scope: Scope::Control });
    };
    let authorization = key.map(|key| format!("Bearer {key}"));
    let verdict = authorizer.check(method, path, authorization.as_deref()).await;
    verdict.map_err(|error| refused(&ApiError::Authorizer(error)))
}

/// What the API would answer, as a page.
fn refused(error: &ApiError) -> Refusal {
    let (status, detail) = error.told();
    Refusal::problem(status, detail)
}

/// What is answered to a form that has no valid key.
fn not_signed_in() -> Refusal {
    Refusal::problem(StatusCode::UNAUTHORIZED, "this needs a valid key; sign in, and do it again")
}

/// The key in the cookie.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, key)| key.to_owned())
}

/// The header that sets the cookie, or takes it away if the key is empty.
fn set_cookie(key: &str, only_tls: bool) -> String {
    let (secure, gone) =
        (if only_tls { "; Secure" } else { "" }, if key.is_empty() { "; Max-Age=0" } else { "" });
    format!("{COOKIE}={key}; HttpOnly; SameSite=Strict; Path=/{secure}{gone}")
}

/// Where a sign-in leads: to an address of this page and of no other.
fn local(then: Option<&str>) -> &str {
    let is_local = |then: &&str| {
        let mut characters = then.chars();
        // `//host` and, to browsers, `/\host` lead to another host.
        characters.next() == Some('/')
            && !matches!(characters.next(), Some('/' | '\\'))
            && then.bytes().all(|byte| byte.is_ascii_graphic())
    };
    then.filter(is_local).unwrap_or("/")
}

/// `GET /session`: asks for a key.
pub(super) async fn ask_for_key(State(page): State<Arc<Page>>, uri: Uri) -> Response {
    let address = Address::parse("/session", uri.query().unwrap_or_default());
    let then = local(address.get("then"));
    if page.authorizer.is_none() {
        return see_other(then);
    }
    html(StatusCode::OK, sign_in(then, None))
}

/// `POST /session`: keeps a valid key in a cookie.
pub(super) async fn begin(State(page): State<Arc<Page>>, headers: HeaderMap, form: Form) -> Answer {
    let then = local(form.get("then"));
    let key = form
        .get("key")
        .filter(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    let verdict = judge(&page, &Method::GET, "/stream", key).await?;
    match key {
        Some(key) if matches!(verdict, Verdict::Allowed { .. }) => {
            Ok(with_cookie(see_other(then), key, &headers))
        }
        _ => Ok(html(StatusCode::UNAUTHORIZED, sign_in(then, Some("This key is not valid.")))),
    }
}

/// `POST /session/end`: takes the key out of the browser.
pub(super) async fn end(headers: HeaderMap) -> Response {
    with_cookie(see_other("/session"), "", &headers)
}

/// An answer that sets the cookie, for TLS only if the form came over TLS: over plain HTTP, browsers would not keep it.
fn with_cookie(response: Response, key: &str, headers: &HeaderMap) -> Response {
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes).unwrap_or_default();
    let mut response = response.into_response();
    if let Ok(cookie) = HeaderValue::try_from(set_cookie(key, origin.starts_with(b"https://"))) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_no_other_site() {
        for then in ["/", "/browse?keyword=a&text=//b", "/charts"] {
            assert_eq!(local(Some(then)), then);
        }
        for then in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "browse",
            "/\n",
            "/ü",
            "/\t/evil.example",
        ] {
            assert_eq!(local(Some(then)), "/", "{then}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others_and_kept_from_scripts_and_other_sites() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("other=1; notaviary=2; aviary=aviary_x"));
        assert_eq!(cookie(&headers).as_deref(), Some("aviary_x"));
        assert_eq!(cookie(&HeaderMap::new()), None);
        assert_eq!(set_cookie("k", false), "aviary=k; HttpOnly; SameSite=Strict; Path=/");
        assert_eq!(set_cookie("", true), "aviary=; HttpOnly; SameSite=Strict; Path=/; Secure; Max-Age=0");
    }
}
