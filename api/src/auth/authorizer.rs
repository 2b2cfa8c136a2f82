//! Whether a request is allowed, by the API keys in an SSM parameter.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use axum::http::Method;
use service::parameters::{ParameterError, ParameterStore};
use tokio::time::Instant;

use super::keys::{Keys, KeysError, Scope};
use crate::config::AuthorizerConfig;

/// How long keys are cached: for so long a revoked key may still be accepted, and a new one refused.
const CACHED: Duration = Duration::from_secs(30);

/// Decides which requests are allowed by the keys in an SSM parameter.
#[derive(Clone, Debug)]
pub struct Authorizer {
    parameters: ParameterStore,
    parameter: String,
    cached: Arc<Mutex<Option<Cached>>>,
}

/// The keys, and when they were read.
type Cached = (Instant, Arc<Keys>);

/// Whether a request is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its key allows it.
    Allowed {
        /// The key's name; empty where no key is required.
        key_name: String,
        /// The key's scope.
        scope: Scope,
    },
    /// It has no valid key.
    NoValidKey,
    /// Its key is valid, but lacks the scope.
    ScopeTooSmall,
}

/// Why no decision could be made; the request must not be served.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// The parameter could not be read.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The parameter does not hold keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// The path that costs money although it is only read.
const COSTS_MONEY: &str = "/stream/estimate";

/// The scope that a request requires: reading is what changes nothing and costs nothing.
fn required_scope(method: &Method, path: &str) -> Scope {
    let reads = matches!(*method, Method::GET | Method::HEAD) && path != COSTS_MONEY;
    if reads { Scope::Read } else { Scope::Control }
}

impl Authorizer {
    /// Uses the keys in the parameter that `config` names; while it does not exist, no key is valid.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: AuthorizerConfig) -> Self {
        let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(aws));
        Self { parameters, parameter: config.keys_parameter, cached: Arc::default() }
    }

    /// Decides whether a request is allowed, by its method, its path and its header `Authorization`.
    ///
    /// # Errors
    /// The keys could not be read, and the cached ones are too old.
    pub async fn check(
        &self,
        method: &Method,
        path: &str,
        authorization: Option<&str>,
    ) -> Result<Verdict, AuthorizerError> {
        let Some(presented) = authorization.and_then(bearer) else { return Ok(Verdict::NoValidKey) };
        let keys = self.keys().await?;
        Ok(match keys.find(presented) {
            None => Verdict::NoValidKey,
            Some(key) if key.scope < required_scope(method, path) => Verdict::ScopeTooSmall,
            Some(key) => Verdict::Allowed { key_name: key.name.clone(), scope: key.scope },
        })
    }

    /// The valid keys.
    ///
    /// # Errors
    /// They could not be read, and the cached ones are too old.
    pub(crate) async fn keys(&self) -> Result<Arc<Keys>, AuthorizerError> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, keys)) = cached
            && at.elapsed() < CACHED
        {
            return Ok(keys);
        }
        let read_at = Instant::now();
        let json = self.parameters.read(&self.parameter).await?;
        let keys = Arc::new(json.map(|json| Keys::from_json(&json)).transpose()?.unwrap_or_default());
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((read_at, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// The key in a header of RFC 6750: `Bearer` and the key.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
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
    fn changing_something_or_spending_money_requires_the_scope_control() {
        for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS] {
            assert_eq!(required_scope(&method, "/stream"), Scope::Control);
        }
        assert_eq!(required_scope(&Method::GET, "/stream"), Scope::Read);
        assert_eq!(required_scope(&Method::GET, "/stream/estimate"), Scope::Control);
    }
}
