//! TweetsDeadLetterQueue: messages that nobody could handle, and why.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName,
};
use serde::Serialize;

use crate::envelope::Envelope;
use crate::label::hex_sha256;
use crate::{Keyword, PostId};
use utc_time::UtcTime;

/// The attribute of a message that says why it was given up.
const REASON: &str = "Reason";

/// The longest reason, in bytes; a longer one is cut.
const REASON_BYTES: usize = 1024;

/// Why a message has no reason of its own: SQS moved it.
const TRIED_TOO_OFTEN: &str = "it failed as often as the queue allows; the consumer's log says why";

/// How many messages one receive brings, at most.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
const RECEIVED_AT_ONCE: i32 = 10;

/// For how long a message that is being looked at is hidden from others.
const LOOK: Duration = Duration::from_secs(20);

/// TweetsDeadLetterQueue, and TweetsFifoQueue, to which its messages can be sent again.
///
/// Both are FIFO queues: of one keyword no more than the first ten messages can be seen at once.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
    tweets_queue_url: String,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The message's id on this queue.
    pub id: String,
    /// Why it was given up.
    pub reason: String,
    /// When it was sent.
    pub since: UtcTime,
    /// The keyword under which its posts were collected, if it can be read.
    pub keyword: Option<Keyword>,
    /// The posts it holds, if they can be read.
    pub posts: Vec<PostId>,
    /// The size of its body.
    pub bytes: usize,
}

/// What became of a request about one dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is done; the letter is gone from the queue.
    Done,
    /// No such letter can be seen now.
    NotThere,
}

/// What becomes of all letters that are to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", tag = "redriven")]
pub enum Redriven {
    /// SQS is moving them.
    BeingMoved,
    /// They have been sent.
    Sent {
        /// How many.
        letters: usize,
    },
}

/// The dead letters that can be seen now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetters {
    /// The letters.
    pub letters: Vec<DeadLetter>,
    /// About how many there are, also of those that cannot be seen.
    pub count: u64,
}

impl DeadLetterQueue {
    /// The queue at `url`; its messages belong to the one at `tweets_queue_url`.
    #[must_use]
    pub fn new(client: Client, url: String, tweets_queue_url: String) -> Self {
        Self { client, url, tweets_queue_url }
    }

    /// Puts something of the message called `id` here, with the reason. Doing it again for the same message
    /// within five minutes does nothing; for one that was sent again it makes another letter.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn bury(
        &self,
        id: &str,
        group: &str,
        body: &str,
        reason: &str,
    ) -> Result<(), aws_sdk_sqs::Error> {
        let mut end = reason.len().min(REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason =
            MessageAttributeValue::builder().data_type("String").string_value(&reason[..end]).build()?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(group)
            .message_deduplication_id(hex_sha256([id.as_bytes(), b"\n", body.as_bytes()]))
            .message_body(body)
            .message_attributes(REASON, reason)
            .send()
            .await?;
        Ok(())
    }

    /// About how many messages are here.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn count(&self) -> Result<u64, aws_sdk_sqs::Error> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
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

    /// The letters that can be seen, up to about `most`; they stay where they are.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn list(&self, most: usize) -> Result<DeadLetters, aws_sdk_sqs::Error> {
        let count = self.count().await?;
        let seen = self.look(most, |_| false).await?;
        let letters = seen.iter().map(read).collect();
        self.release(&seen).await?;
        Ok(DeadLetters { letters, count })
    }

    /// Sends a letter to TweetsFifoQueue again. The consumer's writes are conditional: it is always safe.
    ///
    /// # Errors
    /// What SQS answered. If it failed between sending and deleting, the letter is still here.
    pub async fn send_again(&self, id: &str, now: UtcTime) -> Result<Settled, aws_sdk_sqs::Error> {
        self.settle(id, async |letter| {
            let body = letter.body().unwrap_or_default();
            let group = group(letter).unwrap_or_default();
            // Another than before, or SQS would take it for the message that it was.
            let deduplication = hex_sha256([body.as_bytes(), b"\n", now.to_string().as_bytes()]);
            let request = self.client.send_message().queue_url(&self.tweets_queue_url).message_body(body);
            request.message_group_id(group).message_deduplication_id(deduplication).send().await?;
            Ok(())
        })
        .await
    }

    /// Sends all letters to TweetsFifoQueue again: SQS moves them where it can, else we do, those that can
    /// be seen.
    ///
    /// # Errors
    /// What SQS answered. What is not sent yet is still here.
    pub async fn send_all_again(&self, now: UtcTime) -> Result<Redriven, aws_sdk_sqs::Error> {
        let (from, to) = (self.arn(&self.url).await?, self.arn(&self.tweets_queue_url).await?);
        let request = self.client.start_message_move_task().set_source_arn(from).set_destination_arn(to);
        match request.send().await.map_err(aws_sdk_sqs::Error::from) {
            Ok(_) => return Ok(Redriven::BeingMoved),
            Err(aws_sdk_sqs::Error::UnsupportedOperation(_)) => {}
            Err(error) if error.code() == Some("InvalidAction") => {}
            Err(error) => return Err(error),
        }
        let mut sent = 0;
        // No more than there are now: one that fails again comes back.
        for _ in 0..self.count().await? {
            let Some(letter) = self.list(1).await?.letters.into_iter().next() else { break };
            sent += usize::from(self.send_again(&letter.id, now).await? == Settled::Done);
        }
        Ok(Redriven::Sent { letters: sent })
    }

    async fn arn(&self, url: &str) -> Result<Option<String>, aws_sdk_sqs::Error> {
        let name = QueueAttributeName::QueueArn;
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        Ok(request.send().await?.attributes.and_then(|mut attributes| attributes.remove(&name)))
    }

    /// Deletes a letter for good.
    ///
    /// # Errors
    /// What SQS answered.
    pub async fn drop(&self, id: &str) -> Result<Settled, aws_sdk_sqs::Error> {
        self.settle(id, async |_| Ok(())).await
    }

    /// Finds a letter, does something with it, and deletes it.
    async fn settle(
        &self,
        id: &str,
        settle: impl AsyncFnOnce(&Message) -> Result<(), aws_sdk_sqs::Error>,
    ) -> Result<Settled, aws_sdk_sqs::Error> {
        let is_it = |message: &Message| message.message_id() == Some(id);
        let mut seen = self.look(usize::MAX, is_it).await?;
        let letter = seen.iter().position(is_it).map(|index| seen.swap_remove(index));
        let settled = match &letter {
            Some(letter) => settle(letter).await,
            None => Ok(()),
        };
        let settled = match (&letter, settled) {
            (Some(letter), Ok(())) => {
                let handle = letter.receipt_handle().unwrap_or_default();
                self.client
                    .delete_message()
                    .queue_url(&self.url)
                    .receipt_handle(handle)
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(Into::into)
            }
            (_, settled) => settled,
        };
        self.release(&seen).await?;
        settled?;
        Ok(if letter.is_some() { Settled::Done } else { Settled::NotThere })
    }

    /// Receives until `found` says so, there are `most`, or no more can be seen.
    async fn look(
        &self,
        most: usize,
        found: impl Fn(&Message) -> bool,
    ) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
        let mut seen: Vec<Message> = Vec::new();
        while seen.len() < most && !seen.iter().any(&found) {
            let answer = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(RECEIVED_AT_ONCE)
                .visibility_timeout(i32::try_from(LOOK.as_secs()).unwrap_or(i32::MAX))
                .message_attribute_names(REASON)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await?;
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            seen.extend(messages);
        }
        Ok(seen)
    }

    /// Lets others see these again at once.
    async fn release(&self, seen: &[Message]) -> Result<(), aws_sdk_sqs::Error> {
        for messages in seen.chunks(RECEIVED_AT_ONCE as usize) {
            let entries = messages.iter().enumerate().filter_map(|(index, message)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.set_receipt_handle(message.receipt_handle.clone()).visibility_timeout(0).build().ok()
            });
            let request = self.client.change_message_visibility_batch().queue_url(&self.url);
            request.set_entries(Some(entries.collect())).send().await?;
        }
        Ok(())
    }
}

fn read(message: &Message) -> DeadLetter {
    let body = message.body().unwrap_or_default();
    let attributes: Option<&HashMap<String, MessageAttributeValue>> = message.message_attributes();
    let reason = attributes.and_then(|attributes| attributes.get(REASON)?.string_value());
    let sent = system(message, &MessageSystemAttributeName::SentTimestamp);
    let sent = sent.and_then(|millis| UtcTime::from_millis(millis.parse().ok()?).ok());
    let envelope = Envelope::decode(body).ok();
    DeadLetter {
        id: message.message_id().unwrap_or_default().to_owned(),
        reason: reason.unwrap_or(TRIED_TOO_OFTEN).to_owned(),
        since: sent.unwrap_or_else(UtcTime::now),
        keyword: envelope.as_ref().map(|envelope| envelope.keyword.clone()),
        posts: envelope
            .map(|envelope| envelope.posts.into_iter().map(|post| post.tweet_id).collect())
            .unwrap_or_default(),
        bytes: body.len(),
    }
}

fn group(message: &Message) -> Option<&str> {
    system(message, &MessageSystemAttributeName::MessageGroupId)
}

fn system<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> Option<&'a str> {
    message.attributes()?.get(name).map(String::as_str)
}
