//! Receiving messages, and changing their visibility while they are in flight.

use std::time::Duration;

use serde_json::{Value, json};
use utc_time::UtcTime;

use super::queues::arn;
use super::request::{number, text};
use super::send::md5;
use crate::aws::refusal::Refusal;
use crate::aws::resources::Queue;
use crate::aws::services::Services;

pub(super) async fn receive(
    services: &Services,
    queue: &'static Queue,
    request: &Value,
) -> Result<Value, Refusal> {
    let most = number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let wait = Duration::from_secs(number(request, "WaitTimeSeconds", 0..=20)?.unwrap_or(0));
    let visibility =
        number(request, "VisibilityTimeout", 0..=43_200)?.map_or(queue.visibility, Duration::from_secs);
    let most = usize::try_from(most).unwrap_or(1);
    let is_named = |list: &str, name: &str| {
        let names = request[list].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.into_iter().any(|named| named == name || named == "All" || named == ".*")
    };
    // Both names are in use: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    let is_system_attribute_requested =
        |name: &str| is_named("MessageSystemAttributeNames", name) || is_named("AttributeNames", name);
    let received =
        services.store.receive(queue, most, visibility, wait, || UtcTime::now().as_millis()).await?;
    let messages: Vec<Value> = received
        .into_iter()
        .map(|message| {
            let mut attributes = json!({
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": message.sent_at.to_string(),
            });
            if let (Some(group), Some(deduplication)) = (&message.group, &message.deduplication) {
                attributes["MessageGroupId"] = group.as_str().into();
                attributes["MessageDeduplicationId"] = deduplication.as_str().into();
                attributes["SequenceNumber"] = format!("{:020}", message.sequence).into();
            }
            if let Some(header) = &message.trace_header {
                attributes["AWSTraceHeader"] = header.as_str().into();
            }
            let mut received = json!({
                "MessageId": message.id, "ReceiptHandle": message.handle, "MD5OfBody": md5(&message.body),
                "Body": message.body,
            });
            if let Value::Object(mut attributes) = attributes {
                attributes.retain(|name, _| is_system_attribute_requested(name));
                if !attributes.is_empty() {
                    received["Attributes"] = attributes.into();
                }
            }
            let own = message.attributes.and_then(|text| serde_json::from_str(&text).ok());
            let mut own: serde_json::Map<String, Value> = own.unwrap_or_default();
            own.retain(|name, _| is_named("MessageAttributeNames", name));
            if !own.is_empty() {
                received["MessageAttributes"] = own.into();
            }
            received
        })
        .collect();
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

pub(super) async fn attributes(services: &Services, queue: &'static Queue) -> Result<Value, Refusal> {
    let (visible, handled) = services.store.depth(queue, UtcTime::now().as_millis()).await;
    let mut attributes = json!({
        "QueueArn": arn(queue.name),
        "ApproximateNumberOfMessages": visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": handled.to_string(),
        "VisibilityTimeout": queue.visibility.as_secs().to_string(),
    });
    if queue.is_fifo() {
        attributes["FifoQueue"] = "true".into();
    }
    if let Some((most, dead_letters)) = queue.redrive {
        let policy = json!({ "deadLetterTargetArn": arn(dead_letters), "maxReceiveCount": most });
        attributes["RedrivePolicy"] = policy.to_string().into();
    }
    Ok(json!({ "Attributes": attributes }))
}

pub(super) async fn hide(services: &Services, queue: &'static Queue, request: &Value) -> Result<(), Refusal> {
    let seconds = number(request, "VisibilityTimeout", 0..=43_200)?
        .ok_or_else(|| Refusal::new("com.amazonaws.sqs#MissingParameter", "VisibilityTimeout"))?;
    let visible_at = UtcTime::now().as_millis() + i64::try_from(seconds).unwrap_or_default() * 1000;
    if services.store.hide(queue, text(request, "ReceiptHandle")?, visible_at).await {
        Ok(())
    } else {
        Err(Refusal::new("com.amazonaws.sqs#ReceiptHandleIsInvalid", "no message has this handle"))
    }
}
