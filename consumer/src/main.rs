//! `consumer`: the Lambda function behind TweetsFifoQueue.

use consumer::{Config, run};
use service::own_metrics::EmbeddedMetrics;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    service::logs::init_for_lambda();
    let config = Config::from_variables(|name| std::env::var(name).ok())?;
    let aws = service::aws::from_env().await;
    let own_metrics = EmbeddedMetrics::new(std::io::stdout(), &config.namespace);
    run(config, &aws, own_metrics).await
}
