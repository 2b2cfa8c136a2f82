//! `authorizer`: the Lambda function that the HTTP API asks whether a request may pass.

use api::{Authorizer, authorize};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::parameters::ParameterStore;
use service::variables::Variables;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let mut variables = Variables::new(|name| std::env::var(name).ok());
    // The SSM parameter that holds the hashes of the api keys.
    let parameter = variables.required("API_KEYS_PARAMETER");
    let parameter = variables.complete(parameter)?;
    let ssm = aws_sdk_ssm::Client::new(&service::aws::from_env().await);
    let authorizer = &Authorizer::new(ParameterStore::new(ssm), parameter);
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        authorize(authorizer, &event.payload).await.map_err(Error::from)
    }))
    .await
}
