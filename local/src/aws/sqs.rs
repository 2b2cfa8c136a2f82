//! SQS, of the operations that we call, with its real limits.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>

use std::collections::HashSet;
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use utc_time::UtcTime;

use super::resources::{ACCOUNT, QUEUES, Queue, REGION};
use super::store::NewMessage;
use super::{Refusal, Services};

const ENTRIES: usize = 10;
const REQUEST_BYTES: usize = 1024 * 1024;

/// Answers one request.
pub(crate) async fn answer(
    services: &Services,
    operation: &str,
    mut request: Value,
) -> Result<Value, Refusal> {
    let request = &mut request;
    match operation {
        "GetQueueUrl" => {
            let name = text(request, "QueueName")?;
            let queue = QUEUES.iter().find(|queue| queue.name == name).ok_or_else(no_such_queue)?;
            Ok(json!({ "QueueUrl": url(services, queue) }))
        }
        "ListQueues" => {
            let urls: Vec<String> = QUEUES.iter().map(|queue| url(services, queue)).collect();
            Ok(json!({ "QueueUrls": urls }))
        }
        "GetQueueAttributes" => attributes(services, queue(request)?).await,
        "SendMessage" => {
            let queue = queue(request)?;
            let message = message(queue, request)?;
            let sent = send(services, queue, vec![message]).await?.pop();
            sent.ok_or_else(|| Refusal::failure("nothing was sent"))
        }
        "SendMessageBatch" => send_batch(services, queue(request)?, request).await,
        "ReceiveMessage" => receive(services, queue(request)?, request).await,
        "DeleteMessage" => {
            let handle = text(request, "ReceiptHandle")?.to_owned();
            services.store.delete(queue(request)?, vec![handle]).await?;
            Ok(json!({}))
        }
        "DeleteMessageBatch" => {
            let queue = queue(request)?;
            let entries = entries(request)?;
            let handles = entries.iter().map(|entry| text(entry, "ReceiptHandle").map(str::to_owned));
            services.store.delete(queue, handles.collect::<Result<_, _>>()?).await?;
            let deleted: Vec<Value> = entries.iter().map(|entry| json!({ "Id": entry["Id"] })).collect();
            Ok(json!({ "Successful": deleted, "Failed": [] }))
        }
        "ChangeMessageVisibility" => {
            hide(services, queue(request)?, request).await?;
            Ok(json!({}))
        }
        "ChangeMessageVisibilityBatch" => {
            let queue = queue(request)?;
            let entries = entries(request)?;
            let (mut successful, mut failed) = (Vec::new(), Vec::new());
            for entry in entries {
                match hide(services, queue, entry).await {
                    Ok(()) => successful.push(json!({ "Id": entry["Id"] })),
                    Err(refusal) => failed.push(refusal.entry(entry)),
                }
            }
            Ok(json!({ "Successful": successful, "Failed": failed }))
        }
        "StartMessageMoveTask" => {
            let source = by_arn(text(request, "SourceArn")?)?;
            if !QUEUES.iter().any(|queue| queue.redrive.is_some_and(|(_, to)| to == source.name)) {
                return Err(invalid("Source queue must be configured as a Dead Letter Queue."));
            }
            let destination = by_arn(text(request, "DestinationArn")?)?;
            services.store.move_all(source, destination, now()).await?;
            Ok(json!({ "TaskHandle": source.name }))
        }
        _ => Err(Refusal::new("com.amazonaws.sqs#UnsupportedOperation", operation)),
    }
}

async fn hide(services: &Services, queue: &'static Queue, request: &Value) -> Result<(), Refusal> {
    let seconds = number(request, "VisibilityTimeout", 0..=43_200)?
        .ok_or_else(|| Refusal::new("com.amazonaws.sqs#MissingParameter", "VisibilityTimeout"))?;
    let visible_at = now() + i64::try_from(seconds).unwrap_or_default() * 1000;
    if services.store.hide(queue, text(request, "ReceiptHandle")?, visible_at).await {
        Ok(())
    } else {
        Err(Refusal::new("com.amazonaws.sqs#ReceiptHandleIsInvalid", "no message has this handle"))
    }
}

/// The message that an entry asks to send; its body is taken out.
fn message(queue: &Queue, entry: &mut Value) -> Result<NewMessage, Refusal> {
    let body = text(entry, "MessageBody")?;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if body.is_empty() || !body.chars().all(allowed) {
        return Err(Refusal::new(
            "com.amazonaws.sqs#InvalidMessageContents",
            "the body is empty, or has a character that is not allowed",
        ));
    }
    let attribute_bytes =
        entry["MessageAttributes"].as_object().into_iter().flatten().map(|(name, value)| {
            let text = |field: &str| value[field].as_str().map_or(0, str::len);
            name.len() + text("DataType") + text("StringValue")
        });
    if body.len() + attribute_bytes.sum::<usize>() > REQUEST_BYTES {
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
    let Value::String(body) = entry["MessageBody"].take() else { return Err(invalid("MessageBody")) };
    Ok(NewMessage { body, group, deduplication, attributes })
}

/// Sends messages; answers for each of them.
async fn send(
    services: &Services,
    queue: &'static Queue,
    messages: Vec<NewMessage>,
) -> Result<Vec<Value>, Refusal> {
    let digests: Vec<String> = messages.iter().map(|message| md5(&message.body)).collect();
    let sent = services.store.send(queue, messages, now()).await?;
    let answers = sent.into_iter().zip(digests).map(|((id, sequence), digest)| {
        let mut sent = json!({ "MessageId": id, "MD5OfMessageBody": digest });
        if queue.is_fifo() {
            sent["SequenceNumber"] = format!("{sequence:020}").into();
        }
        sent
    });
    Ok(answers.collect())
}

async fn send_batch(
    services: &Services,
    queue: &'static Queue,
    request: &mut Value,
) -> Result<Value, Refusal> {
    let entries = entries_mut(request)?;
    let bytes: usize = entries.iter().filter_map(|entry| entry["MessageBody"].as_str()).map(str::len).sum();
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

async fn receive(services: &Services, queue: &'static Queue, request: &Value) -> Result<Value, Refusal> {
    let most = number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let wait = Duration::from_secs(number(request, "WaitTimeSeconds", 0..=20)?.unwrap_or(0));
    let visibility =
        number(request, "VisibilityTimeout", 0..=43_200)?.map_or(queue.visibility, Duration::from_secs);
    let most = usize::try_from(most).unwrap_or(1);
    let wanted = |name: &str| {
        let names =
            request["MessageAttributeNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.into_iter().any(|wanted| wanted == name || wanted == "All" || wanted == ".*")
    };
    let received = services.store.receive(queue, most, visibility, wait, now).await?;
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
            let mut received = json!({
                "MessageId": message.id, "ReceiptHandle": message.handle, "MD5OfBody": md5(&message.body),
                "Body": message.body, "Attributes": attributes,
            });
            let own = message.attributes.and_then(|text| serde_json::from_str(&text).ok());
            let mut own: serde_json::Map<String, Value> = own.unwrap_or_default();
            own.retain(|name, _| wanted(name));
            if !own.is_empty() {
                received["MessageAttributes"] = own.into();
            }
            received
        })
        .collect();
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

async fn attributes(services: &Services, queue: &'static Queue) -> Result<Value, Refusal> {
    let (visible, handled) = services.store.depth(queue, now()).await;
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

impl Refusal {
    /// As it stands in the answer to a batch.
    fn entry(&self, entry: &Value) -> Value {
        let code = self.code.trim_start_matches("com.amazonaws.sqs#");
        let ours = self.status.is_server_error();
        json!({ "Id": entry["Id"], "Code": code, "Message": self.message, "SenderFault": !ours })
    }
}

/// The same, to be taken apart.
fn entries_mut(request: &mut Value) -> Result<&mut Vec<Value>, Refusal> {
    entries(request)?;
    request["Entries"].as_array_mut().ok_or_else(|| invalid("Entries"))
}

fn entries(request: &Value) -> Result<&Vec<Value>, Refusal> {
    let entries = request["Entries"].as_array().filter(|entries| !entries.is_empty()).ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )
    })?;
    if entries.len() > ENTRIES {
        return Err(Refusal::new(
            "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are {ENTRIES}. You have sent {}.", entries.len()),
        ));
    }
    let mut ids = HashSet::new();
    for entry in entries {
        let id = text(entry, "Id")?;
        let fits = (1..=80).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !fits {
            return Err(Refusal::new("com.amazonaws.sqs#InvalidBatchEntryId", id));
        }
        if !ids.insert(id) {
            return Err(Refusal::new(
                "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    Ok(entries)
}

fn queue(request: &Value) -> Result<&'static Queue, Refusal> {
    let name = text(request, "QueueUrl")?.rsplit('/').next();
    QUEUES.iter().find(|queue| Some(queue.name) == name).ok_or_else(no_such_queue)
}

fn by_arn(arn: &str) -> Result<&'static Queue, Refusal> {
    let name = arn.rsplit(':').next();
    QUEUES.iter().find(|queue| Some(queue.name) == name).ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#ResourceNotFoundException",
            "The resource that you specified does not exist.",
        )
    })
}

fn no_such_queue() -> Refusal {
    Refusal::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("com.amazonaws.sqs#InvalidParameterValue", message)
}

fn text<'a>(request: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    request[field].as_str().ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#MissingParameter",
            format!("The request must contain the parameter {field}."),
        )
    })
}

fn number(
    request: &Value,
    field: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, Refusal> {
    match &request[field] {
        Value::Null => Ok(None),
        value => match value.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(invalid(format!(
                "Value {value} for parameter {field} is invalid. Reason: Must be between {} and {}, if provided.",
                range.start(),
                range.end()
            ))),
        },
    }
}

fn url(services: &Services, queue: &Queue) -> String {
    format!("{}/{ACCOUNT}/{}", services.url, queue.name)
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

fn md5(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    UtcTime::now().as_millis()
}
