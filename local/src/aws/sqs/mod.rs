//! SQS, limited to the operations in use, with its real limits.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>

mod queues;
mod receive;
mod request;
mod send;

use serde_json::{Value, json};
use utc_time::UtcTime;

use self::queues::{by_arn, no_such_queue, queue, url};
use self::receive::{attributes, hide, receive};
use self::request::{entries, invalid, text};
use self::send::{message, send, send_batch};
use super::refusal::Refusal;
use super::resources::QUEUES;
use super::services::Services;

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
            services.store.move_all(source, destination, UtcTime::now().as_millis()).await?;
            Ok(json!({ "TaskHandle": source.name }))
        }
        _ => Err(Refusal::new("com.amazonaws.sqs#UnsupportedOperation", operation)),
    }
}
