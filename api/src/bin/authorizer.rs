//! `authorizer`: the Lambda function that the HTTP API asks whether a request's key allows it.

use api::{Authorizer, AuthorizerConfig, authorize};
use aws_config::SdkConfig;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::parameters::ParameterStore;

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let config = AuthorizerConfig::from_variables(|name| std::env::var(name).ok())?;
    run(config, &service::aws::from_env().await).await
}

async fn run(config: AuthorizerConfig, aws: &SdkConfig) -> Result<(), Error> {
    let parameters = ParameterStore::new(aws_sdk_ssm::Client::new(aws));
    let authorizer = &Authorizer::new(parameters, config.keys_parameter);
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        authorize(authorizer, &event.payload).await.map_err(Error::from)
    }))
    .await
}
