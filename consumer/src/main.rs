//! `consumer`: the Lambda function behind TweetsFifoQueue.

use aws_lambda_events::sqs::SqsEvent;
use consumer::{Config, Consumer};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let config = Config::read(|name| std::env::var(name).ok())?;
    let own_metrics = EmbeddedMetrics::new(std::io::stdout());
    let consumer = &Consumer::new(&service::aws::from_env().await, config, own_metrics);
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        // It is told in the machine's own time.
        let left = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
        Ok::<_, Error>(consumer.handle(event.payload, Instant::now() + left).await)
    }))
    .await
}
