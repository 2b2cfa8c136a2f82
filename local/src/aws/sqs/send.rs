//! Sending messages.

use md5::{Digest, Md5};
use serde_json::{Value, json};
use utc_time::UtcTime;

use super::request::{entries_mut, invalid, text};
use crate::aws::refusal::Refusal;
use crate::aws::resources::Queue;
use crate::aws::services::Services;
use crate::aws::store::NewMessage;

/// The largest size of a request and of a message.
const REQUEST_BYTES: usize = 1024 * 1024;

/// The bytes of a message's attributes that count as the message's: of each its name, its type and its value. System attributes count
/// for nothing.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
fn attribute_bytes(entry: &Value) -> usize {
    let attributes = entry["MessageAttributes"].as_object().into_iter().flatten();
    let bytes = attributes.map(|(name, value)| {
        let text = |field: &str| value[field].as_str().map_or(0, str::len);
        name.len() + text("DataType") + text("StringValue")
    });
    bytes.sum()
}

/// The value of `AWSTraceHeader`, the only system attribute that a sender may set.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn trace_header(entry: &Value) -> Result<Option<String>, Refusal> {
    let mut header = None;
    for (name, value) in entry["MessageSystemAttributes"].as_object().into_iter().flatten() {
        if name != "AWSTraceHeader" {
            return Err(invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        let text = value["StringValue"].as_str().filter(|_| value["DataType"] == "String");
        let is_one = |text: &&str| text.split(';').any(|part| part.trim().starts_with("Root=1-"));
        let text = text.filter(is_one).ok_or_else(|| {
            invalid("Message system attribute 'AWSTraceHeader' is not a correctly formatted trace header.")
        })?;
        header = Some(text.to_owned());
    }
    Ok(header)
}

/// The message in an entry; moves the body out of the entry.
pub(super) fn message(queue: &Queue, entry: &mut Value) -> Result<NewMessage, Refusal> {
    let body = text(entry, "MessageBody")?;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if body.is_empty() || !body.chars().all(allowed) {
        return Err(Refusal::new(
            "com.amazonaws.sqs#InvalidMessageContents",
            "the body is empty, or has a character that is not allowed",
        ));
    }
    if body.len() + attribute_bytes(entry) > REQUEST_BYTES {
        return Err(invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    let name = |field: &'static str| -> Result<Option<&str>, Refusal> {
        let Some(value) = entry[field].as_str() else {
            return if queue.is_fifo() {
                Err(Refusal::new(
                    "com.amazonaws.sqs#MissingParameter",
                    format!("The request must contain the parameter {field}."),
                ))
            } else {
                Ok(None)
            };
        };
        // Letters, digits and punctuation.
        if (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Some(value))
        } else {
            Err(invalid(format!("Value {value} for parameter {field} is invalid.")))
        }
    };
    let attributes = entry["MessageAttributes"].as_object().filter(|attributes| !attributes.is_empty());
    let attributes = attributes.map(|attributes| json!(attributes).to_string());
    let (group, deduplication) = (name("MessageGroupId")?, name("MessageDeduplicationId")?);
    let (group, deduplication) = (group.map(str::to_owned), deduplication.map(str::to_owned));
    let trace_header = trace_header(entry)?;
    let Value::String(body) = entry["MessageBody"].take() else { return Err(invalid("MessageBody")) };
    Ok(NewMessage { body, group, deduplication, attributes, trace_header })
}

/// Sends messages; returns the answer for each of them.
pub(super) async fn send(
    services: &Services,
    queue: &'static Queue,
    messages: Vec<NewMessage>,
) -> Result<Vec<Value>, Refusal> {
    let digests: Vec<String> = messages.iter().map(|message| md5(&message.body)).collect();
    let sent = services.store.send(queue, messages, UtcTime::now().as_millis()).await?;
    let answers = sent.into_iter().zip(digests).map(|((id, sequence), digest)| {
        let mut sent = json!({ "MessageId": id, "MD5OfMessageBody": digest });
        if queue.is_fifo() {
            sent["SequenceNumber"] = format!("{sequence:020}").into();
        }
        sent
    });
    Ok(answers.collect())
}

pub(super) async fn send_batch(
    services: &Services,
    queue: &'static Queue,
    request: &mut Value,
) -> Result<Value, Refusal> {
    let entries = entries_mut(request)?;
    let bytes = entries
        .iter()
        .map(|entry| entry["MessageBody"].as_str().map_or(0, str::len) + attribute_bytes(entry));
    let bytes: usize = bytes.sum();
    if bytes > REQUEST_BYTES {
        return Err(Refusal::new(
            "com.amazonaws.sqs#BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than {REQUEST_BYTES} bytes. You have sent {bytes} bytes."
            ),
        ));
    }
    let (mut ids, mut messages, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        match message(queue, entry) {
            Ok(message) => {
                ids.push(entry["Id"].take());
                messages.push(message);
            }
            Err(refusal) => failed.push(refusal.entry(entry)),
        }
    }
    let mut successful = send(services, queue, messages).await?;
    for (sent, id) in successful.iter_mut().zip(ids) {
        sent["Id"] = id;
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

/// The digest of a body, which SQS sends along. Neither the SDK nor the AWS CLI compares it, nor do they ask for that of the attributes.
pub(super) fn md5(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
