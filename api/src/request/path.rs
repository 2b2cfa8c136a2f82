//! The parameter in a request's path.

use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::fields::{self, Value};
use super::malformed::{InvalidValue, Malformed};
use crate::error::ApiError;

/// The one parameter in a path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        type Parameters = axum::extract::Path<Vec<(String, String)>>;
        let malformed = match Parameters::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(parameters)) => match parameters.into_iter().next() {
                Some((name, value)) => return Ok(Self(fields::read_value(&name, Value::String(value))?)),
                None => Malformed::Path,
            },
            Err(PathRejection::FailedToDeserializePathParams(error)) => match error.into_kind() {
                ErrorKind::InvalidUtf8InPathParam { key } => {
                    Malformed::Value { name: key, reason: InvalidValue::new("must be UTF-8") }
                }
                _ => Malformed::Path,
            },
            Err(error) => return Err(ApiError::Route(error)),
        };
        Err(malformed.into())
    }
}
