//! X's API, as far as the API itself asks it: counts, whether a keyword's rule is valid, and for the minute which posts were taken back.

mod counts;
mod rule_check;

use json_api::InvalidClient;
use service::parameters::{ParameterError, ParameterStore};

pub(crate) use counts::{Counts, CountsError};
pub(crate) use rule_check::RuleCheckError;
use rule_check::RuleWrites;

/// X's API, with the bearer token in an SSM parameter.
#[derive(Clone, Debug)]
pub(crate) struct XApi {
    client: Result<x::Client, InvalidClient>,
    parameters: ParameterStore,
    token_parameter: String,
    rule_writes: RuleWrites,
}

/// Why X's API cannot be asked anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoClient {
    #[error("there is no bearer token for X")]
    NoToken,
    #[error("the bearer token for X contains characters that no token has")]
    UnusableToken,
    #[error("failed to read the bearer token for X")]
    Token(#[from] ParameterError),
    #[error("failed to ask X")]
    Http(#[source] InvalidClient),
}

impl NoClient {
    /// Whether the details are for the log alone.
    pub(crate) fn is_backend_failure(&self) -> bool {
        match self {
            Self::Token(_) | Self::Http(_) => true,
            Self::NoToken | Self::UnusableToken => false,
        }
    }
}

impl XApi {
    /// X's API at `url`, whose bearer token is in `token_parameter`.
    pub(crate) fn new(url: &str, parameters: ParameterStore, token_parameter: String) -> Self {
        service::aws::install_tls();
        Self { client: x::Client::new(url), parameters, token_parameter, rule_writes: RuleWrites::default() }
    }

    /// A client that bears the token that is stored now.
    pub(crate) async fn client(&self) -> Result<x::Client, NoClient> {
        let token = self.parameters.read(&self.token_parameter).await?;
        let token = token.filter(|token| !token.is_empty()).ok_or(NoClient::NoToken)?;
        let client = self.client.clone().map_err(NoClient::Http)?;
        client.bearing(&token).map_err(|_| NoClient::UnusableToken)
    }
}
