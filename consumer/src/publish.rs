//! Publishing a batch's counts to CloudWatch.
//!
//! CloudWatch must not keep posts from being stored, nor cost more than storing them: publishing takes 3 s at most, and an hour of a keyword is
//! published when it is first counted in, and then once an hour at most. What is left out, and what fails, is published by the api's function
//! that runs every minute: without it, counts would still arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::publish::{PublishError, Publisher};
use posts::{Keyword, TraceId};
use service::logs::joined;
use tokio::time::Instant;
use utc_time::UtcTime;

/// How long publishing may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long nothing is published after a failure, which would delay every batch.
const PAUSE: Duration = Duration::from_secs(30);

/// How long an hour of a keyword is not published again.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// How many hours of keywords a line of the log names, at most.
const HOURS_A_LINE: usize = 10;

/// The hours, by their start, in which posts of a keyword were counted.
pub(crate) type CountedHours = BTreeSet<(Keyword, UtcTime)>;

/// Publishes a batch's counts to CloudWatch.
#[derive(Debug)]
pub(crate) struct BatchPublisher {
    publisher: Publisher,
    paused_until: Mutex<Option<Instant>>,
    /// The hours that were published within [`EVERY`], and when.
    published: Mutex<BTreeMap<(Keyword, UtcTime), Instant>>,
}

/// What became of a batch's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publishing {
    /// CloudWatch has them.
    Done,
    /// CloudWatch has those of a moment ago, or there are none.
    NotDue,
    /// Nothing was published, because CloudWatch failed shortly before.
    Paused,
    /// CloudWatch does not have them; the log has the reason.
    Failed,
}

impl BatchPublisher {
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self { publisher, paused_until: Mutex::default(), published: Mutex::default() }
    }

    /// Publishes the counts of these hours, but for those that were published within the last hour. The posts counted came with the
    /// messages of `trace_ids`.
    pub(crate) async fn publish(&self, hours: &CountedHours, trace_ids: &[TraceId]) -> Publishing {
        let now = Instant::now();
        let due = self.due(hours, now);
        if due.is_empty() {
            return Publishing::NotDue;
        }
        let trace_ids = joined(trace_ids, " ");
        if self.paused_until().is_some_and(|end| now < end) {
            return Publishing::Paused;
        }
        let reason = match tokio::time::timeout(TIMEOUT, self.publish_now(&due)).await {
            Ok(Ok(())) => {
                let named: Vec<String> = due.iter().take(HOURS_A_LINE).map(named).collect();
                let (hours, named) = (due.len(), joined(&named, ", "));
                tracing::info!(%trace_ids, hours, of = %named, "published counts to CloudWatch");
                self.published().extend(due.into_iter().map(|hour| (hour, now)));
                return Publishing::Done;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("CloudWatch did not answer within {} s", TIMEOUT.as_secs()),
        };
        tracing::warn!(%trace_ids, reason, "failed to publish stored counts; the minute's function publishes them");
        *self.paused_until() = Some(Instant::now() + PAUSE);
        Publishing::Failed
    }

    async fn publish_now(&self, hours: &CountedHours) -> Result<(), PublishError> {
        let out_of_reach = self.publisher.publish_hours(hours, UtcTime::now()).await?.out_of_reach;
        if !out_of_reach.is_empty() {
            let hours: Vec<String> = out_of_reach.iter().map(|hour| hour.hour()).collect();
            tracing::warn!(
                ?hours,
                "CloudWatch accepts no values for these hours; only the table has their counts"
            );
        }
        Ok(())
    }

    /// Those of the hours that were not published within [`EVERY`]; what was published before that is forgotten.
    fn due(&self, hours: &CountedHours, now: Instant) -> CountedHours {
        let mut published = self.published();
        published.retain(|_, at| now.duration_since(*at) < EVERY);
        hours.iter().filter(|hour| !published.contains_key(hour)).cloned().collect()
    }

    fn published(&self) -> MutexGuard<'_, BTreeMap<(Keyword, UtcTime), Instant>> {
        // Nothing panics while it holds the lock.
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paused_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // Nothing panics while it holds the lock.
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An hour of a keyword, as in `rust 2026-11-23T10`.
fn named((keyword, hour): &(Keyword, UtcTime)) -> String {
    format!("{keyword} {}", hour.hour())
}
