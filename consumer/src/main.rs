//! `consumer`: the Lambda function behind TweetsFifoQueue.

use aws_lambda_events::sqs::SqsEvent;
use consumer::Consumer;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use posts::Variables;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(level).without_time().init();
    let mut variables = Variables::new(|name| std::env::var(name).ok());
    let tables = (variables.required("TWEETS_TABLE"), variables.required("STATISTICS_TABLE"));
    let (tweets, statistics) = variables.complete(tables)?;
    let consumer = &Consumer::new(&posts::aws::from_env().await, tweets, statistics);
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(consumer.handle(event.payload).await)
    }))
    .await
}
