//! Who may do what: api keys, judged the same in front of Lambda and on one machine.

mod gateway;
mod keys;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use service::parameters::{ParameterError, ParameterStore};
use tokio::time::Instant;

use crate::Problem;

pub use gateway::authorize;
pub use keys::{Key, Keys, KeysError, Scope};

/// For how long keys that were read are used: so long a revoked key may still be valid, and a new one not yet.
const CACHED: Duration = Duration::from_secs(30);

/// Judges requests by the keys in a parameter.
#[derive(Clone, Debug)]
pub struct Authorizer {
    parameters: ParameterStore,
    parameter: String,
    cached: Arc<Mutex<Option<Cached>>>,
}

/// The keys, and when they were asked for.
type Cached = (Instant, Arc<Keys>);

/// What is to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its key allows it.
    Allowed(Scope),
    /// It has no key, or none that is valid.
    Unknown,
    /// Its key allows less.
    Forbidden,
}

/// Why a request could not be judged; it must not pass.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// The parameter could not be read.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The parameter holds something else.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// What a request must be allowed to be made; reading is what changes nothing.
fn needed(method: &Method) -> Scope {
    if matches!(*method, Method::GET | Method::HEAD) { Scope::Read } else { Scope::Control }
}

impl Authorizer {
    /// Judges by the keys in `parameter`; while there is no such parameter there are none.
    #[must_use]
    pub fn new(parameters: ParameterStore, parameter: String) -> Self {
        Self { parameters, parameter, cached: Arc::default() }
    }

    /// Judges a request by its method and its header `Authorization`.
    ///
    /// # Errors
    /// The keys could not be read, and those that were read are too old.
    pub async fn judge(
        &self,
        method: &Method,
        authorization: Option<&str>,
    ) -> Result<Verdict, AuthorizerError> {
        let Some(presented) = authorization.and_then(bearer) else { return Ok(Verdict::Unknown) };
        let keys = self.keys().await?;
        Ok(match keys.find(presented) {
            None => Verdict::Unknown,
            Some(key) if key.scope < needed(method) => Verdict::Forbidden,
            Some(key) => Verdict::Allowed(key.scope),
        })
    }

    async fn keys(&self) -> Result<Arc<Keys>, AuthorizerError> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, keys)) = cached
            && at.elapsed() < CACHED
        {
            return Ok(keys);
        }
        let asked = Instant::now();
        let json = self.parameters.read(&self.parameter).await?;
        let keys = Arc::new(json.map(|json| Keys::from_json(&json)).transpose()?.unwrap_or_default());
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// The key in a header as RFC 6750 writes it.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// Lets those requests pass whose key allows them.
pub(crate) async fn demand(State(authorizer): State<Authorizer>, request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    match authorizer.judge(request.method(), authorization).await {
        Ok(Verdict::Allowed(_)) => next.run(request).await,
        Ok(Verdict::Unknown) => {
            let detail = "send a valid api key, as in: Authorization: Bearer aviary_…";
            Problem::new(StatusCode::UNAUTHORIZED, detail).into_response()
        }
        Ok(Verdict::Forbidden) => {
            let detail = "this api key may only read: this takes one of scope control";
            Problem::new(StatusCode::FORBIDDEN, detail).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_is_a_key() {
        assert_eq!(bearer("Bearer aviary_x"), Some("aviary_x"));
        assert_eq!(bearer("bearer  aviary_x "), Some("aviary_x"));
        for wrong in ["", "aviary_x", "Basic aviary_x"] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_changes_something_takes_control() {
        for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS] {
            assert_eq!(needed(&method), Scope::Control);
        }
        assert_eq!(needed(&Method::GET), Scope::Read);
    }
}
