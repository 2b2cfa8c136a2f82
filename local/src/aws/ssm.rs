//! SSM, limited to the parameters in use: the bearer token and the API keys.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::resources::{API_KEYS_PARAMETER, TOKEN_PARAMETER};
use crate::data;

/// The parameters.
pub(crate) struct Parameters {
    bearer_token: String,
    /// The file with the hashes of the API keys, if there are any.
    api_keys: PathBuf,
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameters { .. }")
    }
}

impl Parameters {
    /// The bearer token, and the API keys in a file.
    pub(crate) fn new(bearer_token: String, api_keys: PathBuf) -> Self {
        Self { bearer_token, api_keys }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let name = request["Name"].as_str().unwrap_or_default();
        match (operation, name) {
            ("GetParameter", TOKEN_PARAMETER) => Ok(parameter(name, &self.bearer_token)),
            ("GetParameter", API_KEYS_PARAMETER) => {
                let value = data::read_if_there(&self.api_keys).map_err(|error| failed(&error))?;
                value.map(|value| parameter(name, &value)).ok_or_else(not_found)
            }
            ("PutParameter", API_KEYS_PARAMETER) => {
                let value = request["Value"].as_str().unwrap_or_default();
                data::write(&self.api_keys, value).map_err(|error| failed(&error))?;
                Ok(json!({ "Version": 1, "Tier": "Standard" }))
            }
            ("GetParameter", _) => Err(not_found()),
            _ => Err(Refusal::new("UnknownOperationException", operation)),
        }
    }
}

fn parameter(name: &str, value: &str) -> Value {
    json!({ "Parameter": { "Name": name, "Type": "SecureString", "Value": value, "Version": 1 } })
}

fn not_found() -> Refusal {
    Refusal::new("ParameterNotFound", "no such parameter")
}

fn failed(error: &std::io::Error) -> Refusal {
    tracing::error!(%error, "the file of API keys failed");
    Refusal::failure("the file of API keys failed")
}
