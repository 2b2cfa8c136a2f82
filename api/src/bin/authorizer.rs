//! `authorizer`: the Lambda function that the HTTP API asks whether a request's key allows it.

use api::{Authorizer, AuthorizerConfig, authorize};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let config = AuthorizerConfig::from_variables(|name| std::env::var(name).ok())?;
    let authorizer = &Authorizer::new(&service::aws::from_env().await, config);
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| async move {
        authorize(authorizer, &event.payload).await.map_err(Error::from)
    }))
    .await
}
