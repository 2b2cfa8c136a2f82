//! X's endpoints.

mod compliance;
mod counts;
mod rules;
mod search;
mod stream;
mod usage;

use json_api::InvalidClient;

pub use compliance::{ComplianceAction, ComplianceJob, ComplianceLine, JobStatus};
pub use counts::{Bucket, CountsPage};
pub use rules::{NewRule, Refused, Rule, RuleVerdict, RulesAdded, RulesPage};
pub use search::{Reach, Search};
pub use usage::Usage;

/// X's base URL.
pub const BASE_URL: &str = "https://api.x.com";

/// A client of X.
#[derive(Clone, Debug)]
pub struct Client(json_api::Client);

impl Client {
    /// A client of X at the URL `base`, without a token: see [`json_api::Client::new`].
    ///
    /// # Errors
    /// [`InvalidClient::Http`].
    pub fn new(base: &str) -> Result<Self, InvalidClient> {
        Ok(Self(json_api::Client::new(base)?))
    }

    /// The same client, which sends `token` with each request.
    ///
    /// # Errors
    /// [`InvalidClient::Token`].
    pub fn bearing(self, token: &str) -> Result<Self, InvalidClient> {
        Ok(Self(self.0.bearing(token)?))
    }
}
