//! SSM's parameter store, for secrets, which belong neither in code nor in logs or environment variables.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;

/// SSM's parameter store, of which only `SecureString`s are used.
#[derive(Clone, Debug)]
pub struct ParameterStore {
    client: Client,
}

/// Why a parameter could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} the parameter {name}: {reason}")]
pub struct ParameterError {
    action: &'static str,
    name: String,
    reason: String,
}

impl ParameterStore {
    /// The store behind `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The value of `name`; `None` if there is no such parameter.
    ///
    /// # Errors
    /// What SSM answered.
    pub async fn read(&self, name: &str) -> Result<Option<String>, ParameterError> {
        match self.client.get_parameter().name(name).with_decryption(true).send().await {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
                Ok(None)
            }
            Err(error) => Err(failed("read", name, aws_sdk_ssm::error::DisplayErrorContext(&error))),
        }
    }

    /// Sets `name` to `value`, encrypted.
    ///
    /// # Errors
    /// What SSM answered.
    pub async fn write(&self, name: &str, value: &str) -> Result<(), ParameterError> {
        let request = self.client.put_parameter().name(name).value(value);
        let request = request.r#type(ParameterType::SecureString).overwrite(true);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(failed("write", name, aws_sdk_ssm::error::DisplayErrorContext(&error))),
        }
    }
}

fn failed(action: &'static str, name: &str, reason: impl std::fmt::Display) -> ParameterError {
    ParameterError { action, name: name.to_owned(), reason: reason.to_string() }
}
