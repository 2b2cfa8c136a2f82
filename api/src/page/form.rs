//! The fields of a form.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

use super::answer::Refusal;

/// The fields of a form, in their order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// What a field says; `None` if it is empty or not there.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// What a field says, empty or not; `None` if it is not there.
    pub(super) fn sent(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// What the fields of this name say.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.trim())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| Refusal::problem(error.status(), error.body_text()))?;
        match std::str::from_utf8(&body) {
            Ok(_) => Ok(Self(form_urlencoded::parse(&body).into_owned().collect())),
            Err(_) => Err(Refusal::problem(StatusCode::BAD_REQUEST, "the form is not UTF-8")),
        }
    }
}
