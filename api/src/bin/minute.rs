//! `minute`: the Lambda function that EventBridge calls every minute, and when a task of the streamer changes its state.

use std::time::Duration;

use api::{ControlApi, ControlConfig, check_compliance, every_minute, forget};
use aws_config::SdkConfig;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;

/// When long work ends its turn, after the start of a call: the function has 55 s, and a turn takes up to 5 s longer. Forgetting ends earlier, so
/// that it leaves time for following what authors take back.
const FORGETTING_ENDS: Duration = Duration::from_secs(35);
const TURN_ENDS: Duration = Duration::from_secs(45);

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::logs::init_for_lambda();
    let config = ControlConfig::from_variables(|name| std::env::var(name).ok())?;
    run(config, &service::aws::from_env().await).await
}

async fn run(config: ControlConfig, aws: &SdkConfig) -> Result<(), Error> {
    let own_metrics = &EmbeddedMetrics::new(std::io::stdout(), &config.namespace);
    let api = &ControlApi::new(aws, config);
    lambda_runtime::run(service_fn(|_: LambdaEvent<serde_json::Value>| async move {
        let begun = Instant::now();
        // Boxed, because the compiler's query depth does not suffice for the future's layout inside the others.
        let minute = Box::pin(every_minute(api, own_metrics)).await.map_err(Error::from);
        let forgotten = Box::pin(forget(api, begun + FORGETTING_ENDS)).await.map_err(Error::from);
        let compliance = Box::pin(check_compliance(api, begun + TURN_ENDS)).await.map_err(Error::from);
        minute.and(forgotten).and(compliance)
    }))
    .await
}
