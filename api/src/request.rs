//! Reading requests, before anything is done: what does not fit becomes a [`Problem`] that names it.

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use posts::{InvalidKeyword, Keyword, UtcTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::Problem;

/// The largest body: those that are asked for take a hundred times less.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// The parameters of a query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let parameters = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(parameters)
            .map(Self)
            .map_err(|error| misfit(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// No parameters at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// A parameter that is part of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(parameter)) => Ok(Self(parameter)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                let reason = error.body_text();
                let named = reason.split('`').nth(1).unwrap_or("path").to_owned();
                Err(Problem::malformed(named, reason))
            }
            Err(error) => Err(Problem::new(error.status(), error.body_text())),
        }
    }
}

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body: Box<RawValue> = match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) => body,
            Err(error @ JsonRejection::JsonDataError(_)) => {
                return Err(Problem::new(StatusCode::BAD_REQUEST, error.body_text()));
            }
            Err(error) => return Err(Problem::new(error.status(), error.body_text())),
        };
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(body.get()))
            .map(Self)
            .map_err(|error| misfit(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// What was at `path` does not fit, for this reason. Where a field is missing, unknown or there twice, the
/// reason names it and the path is that of what holds it.
fn misfit(path: &str, reason: &str) -> Problem {
    let named = reason.split('`').nth(1).filter(|_| reason.contains(" field `"));
    match named {
        Some(field) => Problem::malformed(field, reason),
        None if path == "." => Problem::new(StatusCode::BAD_REQUEST, reason),
        None => Problem::malformed(path, format!("{path}: {reason}")),
    }
}

/// A keyword as it is asked for. Its length counts in bytes, which no description can say: one of up to 512
/// characters fits the description, and is yet refused if they take more.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AskedKeyword(Result<Keyword, InvalidKeyword>);

impl TryFrom<String> for AskedKeyword {
    type Error = InvalidKeyword;

    fn try_from(text: String) -> Result<Self, InvalidKeyword> {
        match text.parse() {
            Err(error @ InvalidKeyword::TooLong { .. }) if text.chars().count() <= Keyword::MAX_BYTES => {
                Ok(Self(Err(error)))
            }
            keyword => Ok(Self(Ok(keyword?))),
        }
    }
}

impl AskedKeyword {
    /// The keyword.
    pub(crate) fn get(self) -> Result<Keyword, Problem> {
        self.0.map_err(|error| Problem::unusable("keyword", error.to_string()))
    }
}

impl PartialSchema for AskedKeyword {
    fn schema() -> RefOr<Schema> {
        Keyword::schema()
    }
}

impl ToSchema for AskedKeyword {}

/// A moment as it is asked for: one before 1970 is taken for 1970's first.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(pub(crate) UtcTime);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let at: Result<jiff::Timestamp, _> = text.parse();
        at.map(|at| Self(at.into()))
            .map_err(|_| "not a date and time with its zone, as in 2026-11-23T10:00:00Z".to_owned())
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        UtcTime::schema()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_that_only_its_bytes_make_too_long_fits_the_description() {
        let asked = |text: String| AskedKeyword::try_from(text);
        assert!(asked("é".repeat(256)).unwrap().get().is_ok());
        assert!(asked("é".repeat(257)).unwrap().get().is_err());
        assert!(asked("é".repeat(513)).is_err());
        assert!(asked("a".repeat(513)).is_err());
    }
}
