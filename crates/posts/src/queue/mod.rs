//! TweetsFifoQueue, which carries posts.

mod request;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use self::request::{Bodies, placeholder};
use crate::Keyword;
use crate::envelope::Parcel;
use crate::label::label;

/// Most entries in one batch request, and most bytes in all of them together, attributes included.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const BATCH_ENTRIES: usize = 10;
const BATCH_BYTES: usize = 1024 * 1024;

/// The longest `MessageGroupId`, on the same page.
const GROUP_ID_BYTES: usize = 128;

/// The message group of a keyword. Each keyword has its own, so that one consumer at a time handles it.
#[must_use]
pub fn message_group(keyword: &Keyword) -> String {
    label(keyword.as_str(), GROUP_ID_BYTES)
}

/// TweetsFifoQueue: a message group for each keyword; messages are deduplicated by the ids of their posts, and carry their trace ids.
#[derive(Clone, Debug)]
pub struct TweetsQueue {
    client: Client,
    url: String,
}

/// Why the queue did not accept a parcel.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// SQS refused the message and would refuse it again.
    #[error("the queue refused the message: {code}: {message}")]
    Refused {
        /// SQS's error code.
        code: String,
        /// SQS's explanation.
        message: String,
    },
    /// SQS did not accept the message; a retry may succeed.
    #[error("the queue did not accept the message: {0}")]
    Unavailable(String),
}

impl TweetsQueue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends parcels, as many per request as fit; returns for each whether the queue accepted it.
    ///
    /// If a request fails, the queue may still have accepted some of its parcels: all of them come back as
    /// [`SendError::Unavailable`]. Sending them again is safe: SQS deduplicates for five minutes, and the consumer's
    /// writes are conditional.
    pub async fn send<T: AsRef<Parcel>>(&self, parcels: Vec<T>) -> Vec<(T, Result<(), SendError>)> {
        let mut outcomes = Vec::with_capacity(parcels.len());
        let mut batch: Vec<T> = Vec::new();
        let mut batch_bytes = 0;
        for parcel in parcels {
            let bytes = parcel.as_ref().bytes();
            if batch.len() == BATCH_ENTRIES || batch_bytes + bytes > BATCH_BYTES {
                self.send_batch(std::mem::take(&mut batch), &mut outcomes).await;
                batch_bytes = 0;
            }
            batch_bytes += bytes;
            batch.push(parcel);
        }
        if !batch.is_empty() {
            self.send_batch(batch, &mut outcomes).await;
        }
        outcomes
    }

    async fn send_batch<T: AsRef<Parcel>>(
        &self,
        parcels: Vec<T>,
        outcomes: &mut Vec<(T, Result<(), SendError>)>,
    ) {
        let entry = |(index, parcel): (usize, &Parcel)| {
            let trace_id = parcel.trace_id();
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_group_id(message_group(parcel.keyword()))
                .message_deduplication_id(parcel.deduplication_id())
                .set_message_attributes(Some(trace_id.attributes()))
                .set_message_system_attributes(Some(trace_id.system_attributes()))
                .message_body(placeholder(index));
            // `build` fails only if the id or the body is missing.
            entry.build().ok()
        };
        let entries = parcels.iter().map(AsRef::as_ref).enumerate().filter_map(entry).collect();
        let bodies = Bodies(parcels.iter().map(|parcel| parcel.as_ref().clone()).collect());
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        match request.customize().map_request(move |request| bodies.put_into(request)).send().await {
            Ok(answer) => {
                let mut failed: Vec<Option<SendError>> = parcels.iter().map(|_| None).collect();
                for entry in answer.failed() {
                    let message = entry.message().unwrap_or_default().to_owned();
                    let error = if entry.sender_fault() {
                        SendError::Refused { code: entry.code().to_owned(), message }
                    } else {
                        SendError::Unavailable(format!("{}: {message}", entry.code()))
                    };
                    if let Some(slot) = entry.id().parse().ok().and_then(|i: usize| failed.get_mut(i)) {
                        *slot = Some(error);
                    }
                }
                outcomes.extend(
                    parcels
                        .into_iter()
                        .zip(failed)
                        .map(|(parcel, failure)| (parcel, failure.map_or(Ok(()), Err))),
                );
            }
            Err(error) => {
                let reason = aws_sdk_sqs::error::DisplayErrorContext(&error).to_string();
                outcomes.extend(
                    parcels.into_iter().map(|parcel| (parcel, Err(SendError::Unavailable(reason.clone())))),
                );
            }
        }
    }
}
