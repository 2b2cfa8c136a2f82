//! `read`: the Lambda function behind those routes of the HTTP API that change nothing.

use api::{ReadApi, ReadConfig, read};
use lambda_http::Error;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let config = ReadConfig::read(|name| std::env::var(name).ok())?;
    lambda_http::run(read(ReadApi::new(&service::aws::from_env().await, config))).await
}
