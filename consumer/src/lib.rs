//! Takes posts off TweetsFifoQueue: writes those that are new together with their counts, states the
//! counts to CloudWatch, and reports the messages that failed, so that only they come back.

mod config;
mod message;
mod telling;

use std::collections::HashSet;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use posts::dead_letters::DeadLetterQueue;
use posts::envelope::Envelope;
use posts::statistics::StatisticsTable;
use posts::tweets::{Correction, TweetsTable};
use service::own_metrics::{EmbeddedMetrics, Gauge};
use service::tables::TableError;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::message::Message;
use crate::telling::{Telling, Touched};

pub use config::Config;

/// How long before the time is over storing ends: what has been stored is told within 3 s, and the answer
/// must still get out.
const MARGIN: Duration = Duration::from_secs(4);

/// What a consumer works with.
#[derive(Clone, Debug)]
pub struct Consumer {
    tweets: TweetsTable,
    dead_letters: DeadLetterQueue,
    telling: Telling,
    own_metrics: EmbeddedMetrics,
}

/// Why a message was given back to the queue. A later try may succeed.
#[derive(Debug, thiserror::Error)]
enum MessageError {
    /// A table did not do what it should.
    #[error(transparent)]
    Table(#[from] TableError),
    /// What can never be stored could not be put on the dead-letter queue.
    #[error("failed to give up what can never be stored: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
    /// It was not done when the time was over.
    #[error("the time was over before it was stored")]
    NoTime,
}

/// What came of a batch.
#[derive(Debug, Default)]
struct Tally {
    new: usize,
    repeated: usize,
    corrected: usize,
    given_up: usize,
    retried: usize,
    bytes: usize,
    latest: Option<UtcTime>,
    /// When the message that waited the longest was sent.
    sent: Option<UtcTime>,
}

impl Consumer {
    /// A consumer over what `config` names, which says how it fares to `own_metrics`.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: Config, own_metrics: EmbeddedMetrics) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), config.statistics_table.clone());
        Self {
            telling: Telling::new(aws, &config),
            tweets: TweetsTable::new(dynamodb, config.tweets_table, statistics),
            dead_letters: DeadLetterQueue::new(
                aws_sdk_sqs::Client::new(aws),
                config.dead_letter_queue_url,
                config.tweets_queue_url,
            ),
            own_metrics,
        }
    }

    /// Handles a batch of messages in their order; answers which of them failed, before `end`.
    ///
    /// After a failure all later messages of the same group fail too, so that the group keeps its order.
    /// What can never be stored goes to the dead-letter queue with the reason, and has not failed. What is
    /// stored has not failed either, whether CloudWatch takes its counts or not: the minute states them again.
    /// Handling a batch twice equals handling it once.
    pub async fn handle(&self, event: SqsEvent, end: Instant) -> SqsBatchResponse {
        let deadline = end - MARGIN;
        let mut failed: Vec<String> = Vec::new();
        let mut failed_groups: HashSet<String> = HashSet::new();
        let mut tally = Tally::default();
        let mut touched = Touched::new();
        for record in event.records {
            let message = Message::read(record);
            if failed_groups.contains(&message.group) {
                failed.push(message.id);
                continue;
            }
            // What is cut off may have been done all the same; doing it again is safe.
            let stored = tokio::time::timeout_at(deadline, self.store(&message, deadline, &mut tally)).await;
            match stored.unwrap_or(Err(MessageError::NoTime)) {
                Ok(hours) => {
                    tally.sent = [tally.sent, message.sent].into_iter().flatten().min();
                    touched.extend(hours);
                }
                Err(error) => {
                    let Message { id, receives, .. } = &message;
                    tracing::error!(message_id = id, receives, %error, "a message goes back to the queue");
                    failed.push(message.id);
                    failed_groups.insert(message.group);
                }
            }
        }
        let told = self.telling.tell(&touched, tally.sent).await;
        tracing::info!(?tally, failed = failed.len(), "handled a batch");
        self.say(&tally, told.is_err());
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed
            .into_iter()
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        response
    }

    /// Stores what one message holds; returns the hours that its posts are counted in.
    async fn store(
        &self,
        message: &Message,
        deadline: Instant,
        tally: &mut Tally,
    ) -> Result<Touched, MessageError> {
        tally.bytes += message.body.len();
        let Envelope { keyword, posts, removed, unusable } = match &message.envelope {
            Ok(envelope) => envelope,
            Err(reason) => {
                self.give_up(message, &message.body, &reason.to_string()).await?;
                tally.given_up += 1;
                return Ok(Touched::new());
            }
        };
        for unusable in unusable {
            self.give_up(message, &unusable.body, &unusable.reason).await?;
            tally.given_up += 1;
        }
        let now = UtcTime::now();
        let inserted = self.tweets.insert(keyword, posts, now, deadline).await?;
        tally.new += inserted.new;
        tally.repeated += inserted.repeated;
        tally.retried += inserted.retried;
        for post in posts.iter().filter(|post| post.edited_at.is_some()) {
            tally.corrected += usize::from(self.tweets.edit(keyword, post).await? == Correction::Made);
        }
        for id in removed {
            let removed = self.tweets.remove(keyword, id, now, deadline).await?;
            tally.corrected += usize::from(removed == Correction::Made);
        }
        tally.latest = tally.latest.max(posts.iter().map(|post| post.create_date).max());
        // Also the hours of posts that were there already: the first try may have ended before this.
        let hours = posts.iter().map(|post| ((keyword.clone(), post.create_date.hour()), post.create_date));
        Ok(hours.collect())
    }

    /// Puts what can never be stored on the dead-letter queue.
    async fn give_up(&self, message: &Message, body: &str, reason: &str) -> Result<(), MessageError> {
        tracing::error!(message_id = message.id, reason, "what can never be stored is given up");
        Ok(self.dead_letters.bury(&message.id, &message.group, body, reason).await?)
    }

    fn say(&self, tally: &Tally, stating_failed: bool) {
        let now = UtcTime::now();
        let count = |count: usize| count as f64;
        let mut values = vec![
            (Gauge::POSTS_NEW, count(tally.new)),
            (Gauge::POSTS_REPEATED, count(tally.repeated)),
            (Gauge::POSTS_CORRECTED, count(tally.corrected)),
            (Gauge::GIVEN_UP, count(tally.given_up)),
            (Gauge::TRANSACTIONS_RETRIED, count(tally.retried)),
            (Gauge::MESSAGE_BYTES, count(tally.bytes)),
            (Gauge::STATING_FAILED, count(usize::from(stating_failed))),
        ];
        values.extend(tally.latest.map(|made| (Gauge::CONSUMER_LAG, now.since(made).as_millis() as f64)));
        self.own_metrics.say(&values, now);
    }
}
