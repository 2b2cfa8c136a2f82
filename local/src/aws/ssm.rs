//! SSM, of the one parameter that we read.

use std::fmt;

use serde_json::{Value, json};

use super::Refusal;
use super::resources::TOKEN_PARAMETER;

/// The parameters.
pub(crate) struct Parameters {
    pub(crate) bearer_token: String,
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameters { .. }")
    }
}

impl Parameters {
    /// Answers one request.
    pub(crate) fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        if operation != "GetParameter" {
            return Err(Refusal::new("UnknownOperationException", operation));
        }
        if request["Name"] != TOKEN_PARAMETER {
            return Err(Refusal::new("ParameterNotFound", "no such parameter"));
        }
        Ok(json!({ "Parameter": {
            "Name": TOKEN_PARAMETER, "Type": "SecureString", "Value": self.bearer_token, "Version": 1,
        } }))
    }
}
