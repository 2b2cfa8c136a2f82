//! Redriving: dead letters go back to TweetsFifoQueue, to be stored.
//!
//! It is always safe, because the consumer's writes are conditional.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Serialize;

use super::letter::{message_group, trace_id};
use super::queue::DeadLetterQueue;
use super::settle::Settled;
use crate::TraceId;
use crate::label::hex_sha256;
use utc_time::UtcTime;

/// What became of a request to redrive all dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", tag = "redriven")]
pub enum Redriven {
    /// SQS is moving them.
    BeingMoved,
    /// SQS has been moving them since an earlier request.
    AlreadyBeingMoved,
    /// They were sent.
    Sent {
        /// How many were sent.
        letters: usize,
    },
}

impl DeadLetterQueue {
    /// Redrives the dead letter `id`.
    ///
    /// # Errors
    /// SQS's error. The dead letter is still on the queue then, even if it was sent.
    pub async fn redrive(&self, id: &str, now: UtcTime) -> Result<Settled, aws_sdk_sqs::Error> {
        self.settle(id, async |letter| {
            let body = letter.body().unwrap_or_default();
            // SQS would drop it as a duplicate of the original message if it had the same id.
            let deduplication_id = hex_sha256([body.as_bytes(), b"\n", now.to_string().as_bytes()]);
            let request = self.client.send_message().queue_url(&self.tweets_queue_url).message_body(body);
            let request = request.message_group_id(message_group(letter));
            let trace_id = trace_id(letter);
            let request = request
                .set_message_attributes(trace_id.map(TraceId::attributes))
                .set_message_system_attributes(trace_id.map(TraceId::system_attributes));
            request.message_deduplication_id(deduplication_id).send().await?;
            Ok(())
        })
        .await
    }

    /// Redrives all dead letters. SQS moves them where it can; elsewhere this sends the visible ones.
    ///
    /// # Errors
    /// SQS's error. What was not sent by then is still on the queue.
    pub async fn redrive_all(&self, now: UtcTime) -> Result<Redriven, aws_sdk_sqs::Error> {
        let (from, to) = (self.arn(&self.url).await?, self.arn(&self.tweets_queue_url).await?);
        let request = self.client.start_message_move_task().set_source_arn(from).set_destination_arn(to);
        match request.send().await.map_err(aws_sdk_sqs::Error::from) {
            Ok(_) => return Ok(Redriven::BeingMoved),
            Err(error) if is_being_moved(&error) => return Ok(Redriven::AlreadyBeingMoved),
            Err(aws_sdk_sqs::Error::UnsupportedOperation(_)) => {}
            Err(error) if error.code() == Some("InvalidAction") => {}
            Err(error) => return Err(error),
        }
        let mut sent = 0;
        // No more than there are now: one that fails again comes back.
        for _ in 0..self.count().await? {
            let Some(letter) = self.list(1).await?.letters.into_iter().next() else { break };
            sent += usize::from(self.redrive(&letter.id, now).await? == Settled::Done);
        }
        Ok(Redriven::Sent { letters: sent })
    }

    async fn arn(&self, url: &str) -> Result<Option<String>, aws_sdk_sqs::Error> {
        let name = QueueAttributeName::QueueArn;
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        Ok(request.send().await?.attributes.and_then(|mut attributes| attributes.remove(&name)))
    }
}

/// Whether SQS refuses to move a queue's messages because it moves them already. Only its words tell: the code is that of other refusals.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
fn is_being_moved(error: &impl ProvideErrorMetadata) -> bool {
    error.message().is_some_and(|message| message.contains("already a task running"))
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[test]
    fn a_second_request_while_messages_are_moved_is_understood() {
        let says =
            |message: &str| is_being_moved(&ErrorMetadata::builder().code("c").message(message).build());
        assert!(says(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        ));
        assert!(!says("Source queue must be configured as a Dead Letter Queue.") && !says(""));
    }
}
