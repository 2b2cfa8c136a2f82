//! `read`: the Lambda function behind those routes of the HTTP API that change nothing.

use api::{ReadApi, ReadConfig};
use aws_config::SdkConfig;
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let config = ReadConfig::from_variables(|name| std::env::var(name).ok())?;
    run(config, &service::aws::from_env().await).await
}

async fn run(config: ReadConfig, aws: &SdkConfig) -> Result<(), Error> {
    lambda_http::run(api::read(ReadApi::new(aws, config))).await
}
