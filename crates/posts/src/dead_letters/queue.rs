//! The dead-letter queue itself: putting messages on it, counting, receiving and releasing them.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName,
};

use super::letter::REASON;
use crate::TraceId;
use crate::label::hex_sha256;

/// The longest reason, in bytes; the rest is cut off.
const REASON_BYTES: usize = 1024;

/// Most messages in one batch, received or released.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
const BATCH_MESSAGES: i32 = 10;

/// The visibility timeout of messages that are received here: long enough to look at them, short enough that they are
/// soon visible again if this program dies.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(20);

/// TweetsDeadLetterQueue, and TweetsFifoQueue, to which it redrives.
///
/// Both are FIFO queues, so only the first ten messages of a keyword are visible at a time.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) tweets_queue_url: String,
}

impl DeadLetterQueue {
    /// The dead-letter queue at `url`, of the queue at `tweets_queue_url`.
    #[must_use]
    pub fn new(client: Client, url: String, tweets_queue_url: String) -> Self {
        Self { client, url, tweets_queue_url }
    }

    /// The queue's name: the last part of its URL.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// Puts `body`, all or a part of the message `id`, on the queue, with the reason and the message's trace id. Repeating it within five minutes
    /// changes nothing, unless the message was redriven meanwhile: then it adds another dead letter.
    ///
    /// # Errors
    /// SQS's error.
    pub async fn put(
        &self,
        id: &str,
        trace_id: Option<TraceId>,
        group: &str,
        body: &str,
        reason: &str,
    ) -> Result<(), aws_sdk_sqs::Error> {
        let reason = &reason[..reason.floor_char_boundary(REASON_BYTES)];
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build()?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(group)
            .message_deduplication_id(hex_sha256([id.as_bytes(), b"\n", body.as_bytes()]))
            .message_body(body)
            .set_message_attributes(trace_id.map(TraceId::attributes))
            .set_message_system_attributes(trace_id.map(TraceId::system_attributes))
            .message_attributes(REASON, reason)
            .send()
            .await?;
        Ok(())
    }

    /// About how many messages are on the queue, visible or not.
    ///
    /// # Errors
    /// SQS's error.
    pub async fn count(&self) -> Result<u64, aws_sdk_sqs::Error> {
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        self.sum_of(&[visible, QueueAttributeName::ApproximateNumberOfMessagesNotVisible]).await
    }

    /// About how many messages are hidden because they were received, be it by a request whose answer was lost.
    ///
    /// # Errors
    /// SQS's error.
    pub async fn hidden(&self) -> Result<u64, aws_sdk_sqs::Error> {
        self.sum_of(&[QueueAttributeName::ApproximateNumberOfMessagesNotVisible]).await
    }

    async fn sum_of(&self, names: &[QueueAttributeName]) -> Result<u64, aws_sdk_sqs::Error> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(names.iter().filter_map(|name| attributes.get(name)?.parse::<u64>().ok()).sum())
    }

    /// Receives messages until one of them `is_last`, there are `most` or a few more, or no more are visible. They
    /// are hidden from others until they are released.
    pub(super) async fn receive(
        &self,
        most: usize,
        is_last: impl Fn(&Message) -> bool,
    ) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
        let mut received: Vec<Message> = Vec::new();
        while received.len() < most && !received.iter().any(&is_last) {
            let answer = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(BATCH_MESSAGES)
                .visibility_timeout(i32::try_from(VISIBILITY_TIMEOUT.as_secs()).unwrap_or(i32::MAX))
                .message_attribute_names(REASON)
                .message_attribute_names(TraceId::ATTRIBUTE)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await?;
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            received.extend(messages);
        }
        Ok(received)
    }

    /// Makes received messages visible again at once.
    pub(super) async fn release(&self, received: &[Message]) -> Result<(), aws_sdk_sqs::Error> {
        for messages in received.chunks(BATCH_MESSAGES as usize) {
            let entries = messages.iter().enumerate().filter_map(|(index, message)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.set_receipt_handle(message.receipt_handle.clone()).visibility_timeout(0).build().ok()
            });
            let request = self.client.change_message_visibility_batch().queue_url(&self.url);
            request.set_entries(Some(entries.collect())).send().await?;
        }
        Ok(())
    }

    /// Deletes a received message for good.
    pub(super) async fn delete(&self, message: &Message) -> Result<(), aws_sdk_sqs::Error> {
        let request = self.client.delete_message().queue_url(&self.url);
        request.receipt_handle(message.receipt_handle().unwrap_or_default()).send().await?;
        Ok(())
    }
}
