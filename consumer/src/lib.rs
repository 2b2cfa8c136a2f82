//! Takes posts off TweetsFifoQueue: writes those that are new together with their counts, states the
//! counts to CloudWatch, and reports the messages that failed, so that only they come back.

use std::collections::{BTreeMap, HashSet};

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use posts::{
    Correction, DecodeError, Envelope, Inserted, Metrics, Restated, StatisticsTable, TableError, TweetsTable,
    UtcTime,
};

/// What a consumer works with.
#[derive(Clone, Debug)]
pub struct Consumer {
    tweets: TweetsTable,
    statistics: StatisticsTable,
    metrics: Metrics,
}

/// Why a message was given back to the queue.
#[derive(Debug, thiserror::Error)]
enum MessageError {
    /// No later try will succeed: it will end on the dead-letter queue.
    #[error("poison: {0}")]
    Poison(#[from] DecodeError),
    /// A later try may succeed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The posts are written; only CloudWatch does not know yet. Trying again is safe.
    #[error("failed to state counts to CloudWatch: {}", aws_sdk_cloudwatch::error::DisplayErrorContext(.0))]
    Metrics(#[from] aws_sdk_cloudwatch::Error),
}

impl Consumer {
    /// A consumer over the tables of these names.
    #[must_use]
    pub fn new(aws: &SdkConfig, tweets_table: String, statistics_table: String) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), statistics_table);
        Self {
            tweets: TweetsTable::new(dynamodb, tweets_table, statistics.clone()),
            statistics,
            metrics: Metrics::new(aws_sdk_cloudwatch::Client::new(aws)),
        }
    }

    /// Handles a batch of messages in their order; answers which of them failed.
    ///
    /// After a failure all later messages of the same group fail too, so that the group keeps its order.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        let mut failed_groups = HashSet::new();
        for message in event.records {
            let group = message.attributes.get("MessageGroupId").cloned();
            if group.as_ref().is_some_and(|group| failed_groups.contains(group)) {
                response.batch_item_failures.push(failure(&message));
                continue;
            }
            if let Err(error) = self.take(&message).await {
                let message_id = message.message_id.as_deref().unwrap_or_default();
                let receives = message.attributes.get("ApproximateReceiveCount").map(String::as_str);
                tracing::error!(message_id, receives, %error, "a message goes back to the queue");
                response.batch_item_failures.push(failure(&message));
                failed_groups.extend(group);
            }
        }
        response
    }

    /// Handles one message. Handling it twice equals handling it once.
    async fn take(&self, message: &SqsMessage) -> Result<(), MessageError> {
        let now = UtcTime::now();
        let envelope = Envelope::decode(message.body.as_deref().unwrap_or_default())?;
        let Inserted { new, repeated } = self.tweets.insert(&envelope.keyword, &envelope.posts, now).await?;
        // Also the hours of posts that were there already: the first try may have ended before this.
        let hours: BTreeMap<String, UtcTime> =
            envelope.posts.iter().map(|post| (post.create_date.hour(), post.create_date)).collect();
        for hour in hours.into_values() {
            let counts = self.statistics.in_hour(&envelope.keyword, hour).await?;
            if self.metrics.restate(&envelope.keyword, hour, &counts, now).await? == Restated::TooOld {
                tracing::warn!(
                    hour = hour.hour(),
                    "an hour is too old for CloudWatch; the table has its counts"
                );
            }
        }
        let (mut edited, mut removed) = (0, 0);
        for post in envelope.posts.iter().filter(|post| post.edited_at.is_some()) {
            edited += usize::from(self.tweets.edit(&envelope.keyword, post).await? == Correction::Made);
        }
        for id in &envelope.removed {
            removed += usize::from(self.tweets.remove(&envelope.keyword, id, now).await? == Correction::Made);
        }
        tracing::info!(keyword = %envelope.keyword, new, repeated, edited, removed, "stored posts");
        Ok(())
    }
}

fn failure(message: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.clone().unwrap_or_default();
    failure
}
