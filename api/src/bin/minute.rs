//! `minute`: the Lambda function that EventBridge calls every minute, and when a task of the streamer
//! changes its state.

use api::{ControlApi, ControlConfig, every_minute};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::own_metrics::EmbeddedMetrics;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let config = ControlConfig::read(|name| std::env::var(name).ok())?;
    let api = &ControlApi::new(&service::aws::from_env().await, config);
    let own_metrics = &EmbeddedMetrics::new(std::io::stdout());
    lambda_runtime::run(service_fn(|_: LambdaEvent<serde_json::Value>| async move {
        every_minute(api, own_metrics).await.map_err(Error::from)
    }))
    .await
}
