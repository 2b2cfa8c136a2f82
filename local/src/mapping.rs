//! Delivers queue messages to the consumer, as Lambda's event source mapping does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use consumer::Consumer;
use serde_json::json;
use tokio::time::Instant;

use crate::aws::resources::{ACCOUNT, REGION, TWEETS_QUEUE};
use crate::endpoint::Endpoint;
use crate::running::Running;

/// How long the consumer may take for a batch: less than the visibility timeout of its messages.
const FUNCTION_TIME: Duration = Duration::from_secs(20);

/// How many batches are handled concurrently. As in AWS, SQS never hands out two batches with the same message group.
const CONCURRENCY: usize = 3;

/// Starts delivering the messages of TweetsFifoQueue to `consumer`.
pub(crate) fn start(running: &mut Running, aws: &Endpoint, consumer: Consumer) {
    let consumer = Arc::new(consumer);
    for _ in 0..CONCURRENCY {
        let (sqs, queue_url) = (Client::new(aws.sdk()), aws.queue_url(TWEETS_QUEUE));
        running.spawn(run(sqs, queue_url, Arc::clone(&consumer)));
    }
}

/// Handles one batch after another; never ends.
async fn run(sqs: Client, queue_url: String, consumer: Arc<Consumer>) -> anyhow::Result<()> {
    const ERROR_PAUSE: Duration = Duration::from_secs(1);
    loop {
        if let Err(error) = step(&sqs, &queue_url, &consumer).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "could not deliver messages to the consumer; retrying"
            );
            tokio::time::sleep(ERROR_PAUSE).await;
        }
    }
}

/// Receives one batch, invokes the consumer, and deletes the messages that did not fail.
async fn step(sqs: &Client, queue_url: &str, consumer: &Consumer) -> anyhow::Result<()> {
    let received = sqs
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(10)
        .wait_time_seconds(20)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .customize()
        .config_override(service::aws::long_poll())
        .send()
        .await
        .context("failed to receive messages")?;
    let messages = received.messages.unwrap_or_default();
    if messages.is_empty() {
        return Ok(());
    }
    let response = consumer.handle(event(&messages)?, Instant::now() + FUNCTION_TIME).await;
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
        request.send().await.context("failed to delete messages")?;
    }
    Ok(())
}

/// The event in Lambda's format: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn event(messages: &[Message]) -> anyhow::Result<SqsEvent> {
    let queue_arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{TWEETS_QUEUE}");
    let records: Vec<_> = messages
        .iter()
        .map(|message| {
            let attributes: serde_json::Map<_, _> = message
                .attributes
                .iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect();
            let own: serde_json::Map<_, _> = message
                .message_attributes
                .iter()
                .flatten()
                .map(|(name, value)| {
                    let value = json!({
                        "stringValue": value.string_value(), "dataType": value.data_type(),
                        "stringListValues": [], "binaryListValues": [],
                    });
                    (name.clone(), value)
                })
                .collect();
            json!({
                "messageId": message.message_id, "receiptHandle": message.receipt_handle, "body": message.body,
                "attributes": attributes, "messageAttributes": own, "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs", "eventSourceARN": queue_arn, "awsRegion": REGION,
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).context("failed to build the event")
}
