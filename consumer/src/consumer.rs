//! Handling a batch of messages.

use std::collections::HashSet;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use posts::TraceId;
use posts::dead_letters::DeadLetterQueue;
use posts::metrics::Metrics;
use posts::publish::Publisher;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use service::logs::joined;
use service::own_metrics::EmbeddedMetrics;
use stream::StreamStatusTable;
use tokio::time::Instant;
use tracing::field::display;
use utc_time::UtcTime;

use crate::config::Config;
use crate::message::Message;
use crate::publish::{BatchPublisher, CountedHours};
use crate::queue_delay::QueueDelay;
use crate::store::Store;
use crate::tally::Tally;

/// How long before the function's end storing stops: publishing the counts takes up to 3 s, and the response must still
/// be sent.
const MARGIN: Duration = Duration::from_secs(4);

/// Stores batches of messages.
#[derive(Debug)]
pub struct Consumer {
    store: Store,
    keep_raw: bool,
    publisher: BatchPublisher,
    queue_delay: QueueDelay,
    own_metrics: EmbeddedMetrics,
}

impl Consumer {
    /// A consumer of the queues and tables that `config` names; it writes its own metrics to `own_metrics`.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: Config, own_metrics: EmbeddedMetrics) -> Self {
        let Config {
            tweets_table,
            statistics_table,
            status_table,
            tweets_queue_url,
            dead_letter_queue_url,
            namespace,
            keep_raw,
        } = config;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        let metrics = Metrics::new(aws_sdk_cloudwatch::Client::new(aws), namespace);
        let statistics = StatisticsTable::new(dynamodb.clone(), statistics_table);
        let tweets = TweetsTable::new(dynamodb.clone(), tweets_table, statistics.clone());
        let dead_letters = DeadLetterQueue::new(sqs, dead_letter_queue_url, tweets_queue_url);
        Self {
            store: Store { tweets, dead_letters },
            keep_raw,
            publisher: BatchPublisher::new(Publisher::new(statistics, metrics)),
            queue_delay: QueueDelay::new(StreamStatusTable::of_all_streams(dynamodb, status_table)),
            own_metrics,
        }
    }

    /// Handles a batch in the order of its messages, before `end`; the response names the messages that failed.
    ///
    /// When a message fails, all later ones of its group fail with it, so that the group keeps its order. A message has
    /// not failed if it can never be stored: it goes to the dead-letter queue, with the reason. Nor has it if its counts
    /// could not be published: they are published again every minute. Handling a batch twice equals handling it once.
    pub async fn handle(&self, event: SqsEvent, end: Instant) -> SqsBatchResponse {
        let deadline = end - MARGIN;
        let mut failed: Vec<String> = Vec::new();
        let mut failed_groups: HashSet<String> = HashSet::new();
        let mut counted = CountedHours::new();
        let mut tally = Tally::default();
        // Of all messages, and of those whose posts are counted.
        let (mut trace_ids, mut counted_ids): (Vec<TraceId>, Vec<TraceId>) = Default::default();
        for record in event.records {
            let mut message = Message::from(record);
            trace_ids.extend(message.trace_id);
            if !self.keep_raw {
                message.drop_raw();
            }
            if failed_groups.contains(&message.group) {
                tracing::info!(
                    trace_id = message.trace_id.map(display),
                    message_id = message.id,
                    "a message goes back to the queue, behind an earlier one of its group"
                );
                failed.push(message.id);
                continue;
            }
            match self.store.store(&message, deadline, &mut tally).await {
                Ok(hours) => {
                    tally.sent = [tally.sent, message.sent].into_iter().flatten().min();
                    counted.extend(hours);
                    counted_ids.extend(message.trace_id);
                }
                Err(error) => {
                    let Message { id, trace_id, receives, .. } = &message;
                    let trace_id = trace_id.map(display);
                    tracing::error!(trace_id, message_id = id, receives, %error, "a message goes back to the queue");
                    failed.push(message.id);
                    failed_groups.insert(message.group);
                }
            }
        }
        let record_delay = async {
            if let Some(sent) = tally.sent {
                self.queue_delay.record(sent).await;
            }
        };
        let (publishing, ()) = tokio::join!(self.publisher.publish(&counted, &counted_ids), record_delay);
        // A batch has ten messages at most.
        let trace_ids = joined(&trace_ids, " ");
        tracing::info!(%trace_ids, ?tally, failed = failed.len(), counts = ?publishing, "handled a batch");
        let now = UtcTime::now();
        self.own_metrics.say(&tally.metrics(publishing, now), now);
        response(failed)
    }
}

/// The response that names the messages that failed.
fn response(failed: Vec<String>) -> SqsBatchResponse {
    let failures = failed.into_iter().map(|id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    });
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures.collect();
    response
}
