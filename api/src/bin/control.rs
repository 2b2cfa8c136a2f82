//! `control`: the Lambda function behind those routes of the HTTP API that change something.

use api::{ControlApi, ControlConfig};
use aws_config::SdkConfig;
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let config = ControlConfig::from_variables(|name| std::env::var(name).ok())?;
    run(config, &service::aws::from_env().await).await
}

async fn run(config: ControlConfig, aws: &SdkConfig) -> Result<(), Error> {
    lambda_http::run(api::control(ControlApi::new(aws, config))).await
}
