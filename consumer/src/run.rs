//! The Lambda function: one batch for each invocation.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;

use crate::config::Config;
use crate::consumer::Consumer;

/// Handles batches until Lambda ends the process; writes its own metrics to `own_metrics`.
///
/// # Errors
/// Lambda's runtime API failed.
pub async fn run(config: Config, aws: &SdkConfig, own_metrics: EmbeddedMetrics) -> Result<(), Error> {
    let consumer = &Consumer::new(aws, config, own_metrics);
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        // Lambda gives the deadline in the system's time.
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        // Boxed: the compiler limits how deeply futures nest.
        Ok::<_, Error>(Box::pin(consumer.handle(event.payload, Instant::now() + left)).await)
    }))
    .await
}
