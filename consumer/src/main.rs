//! `consumer`: the Lambda function behind TweetsFifoQueue.

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use consumer::Consumer;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let table = |name| std::env::var(name).with_context(|| format!("missing environment variable: {name}"));
    let (tweets, statistics) = (table("TWEETS_TABLE")?, table("STATISTICS_TABLE")?);
    let consumer = &Consumer::new(&posts::aws::from_env().await, tweets, statistics);
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(consumer.handle(event.payload).await)
    }))
    .await
}
