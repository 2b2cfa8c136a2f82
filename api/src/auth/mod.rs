//! Who may do what: API keys, checked by the gateway's authorizer in AWS and by a middleware on one machine.

pub(crate) mod authorizer;
mod gateway;
mod keys;
mod middleware;

pub use authorizer::{Authorizer, AuthorizerError, Verdict};
pub use gateway::authorize;
pub use keys::{Key, Keys, KeysError, Scope};
pub(crate) use middleware::require_key;
