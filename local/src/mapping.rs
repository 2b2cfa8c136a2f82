//! Carries queue messages to the consumer, as Lambda's event source mapping does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use consumer::Consumer;
use serde_json::json;
use tokio::time::Instant;

/// How long the consumer may take for a batch: less than its messages are hidden from others.
const FUNCTION_TIME: Duration = Duration::from_secs(20);

/// How many batches are handled at once. Lambda does it too: the queue gives no two of them the same group.
pub(crate) const AT_ONCE: usize = 3;

/// Receives, invokes the consumer, and deletes what did not fail, one batch after the other; until it is dropped.
pub(crate) async fn run(sqs: Client, queue_url: String, queue_arn: String, consumer: Arc<Consumer>) {
    const AFTER_AN_ERROR: Duration = Duration::from_secs(1);
    loop {
        if let Err(error) = step(&sqs, &queue_url, &queue_arn, &consumer).await {
            tracing::warn!(error = format!("{error:#}"), "carrying messages to the consumer failed");
            tokio::time::sleep(AFTER_AN_ERROR).await;
        }
    }
}

/// One batch.
async fn step(sqs: &Client, queue_url: &str, queue_arn: &str, consumer: &Consumer) -> anyhow::Result<()> {
    let received = sqs
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(10)
        .wait_time_seconds(20)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .customize()
        .config_override(service::aws::long_poll())
        .send()
        .await
        .context("failed to receive")?;
    let messages = received.messages.unwrap_or_default();
    if messages.is_empty() {
        return Ok(());
    }
    let response = consumer.handle(event(&messages, queue_arn)?, Instant::now() + FUNCTION_TIME).await;
    let failed = |message: &Message| {
        response
            .batch_item_failures
            .iter()
            .any(|failure| message.message_id.as_ref() == Some(&failure.item_identifier))
    };
    let done: Vec<_> = messages
        .iter()
        .filter(|message| !failed(message))
        .enumerate()
        .filter_map(|(index, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build().ok()
        })
        .collect();
    if !done.is_empty() {
        let request = sqs.delete_message_batch().queue_url(queue_url).set_entries(Some(done));
        request.send().await.context("failed to delete")?;
    }
    Ok(())
}

/// The event as Lambda writes it: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn event(messages: &[Message], queue_arn: &str) -> anyhow::Result<SqsEvent> {
    let records: Vec<_> = messages
        .iter()
        .map(|message| {
            let attributes: serde_json::Map<_, _> = message
                .attributes
                .iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect();
            json!({
                "messageId": message.message_id, "receiptHandle": message.receipt_handle, "body": message.body,
                "attributes": attributes, "messageAttributes": {}, "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs", "eventSourceARN": queue_arn, "awsRegion": super::aws::resources::REGION,
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).context("failed to make the event")
}
