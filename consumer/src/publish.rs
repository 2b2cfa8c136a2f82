//! Publishing a batch's counts to CloudWatch.
//!
//! CloudWatch must not keep posts from being stored: publishing takes 3 s at most, and what fails is published by the
//! api's function that runs every minute.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use posts::Keyword;
use posts::publish::{PublishError, Publisher};
use tokio::time::Instant;
use utc_time::UtcTime;

/// How long publishing may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long nothing is published after a failure, which would delay every batch.
const PAUSE: Duration = Duration::from_secs(30);

/// The hours, by their start, in which posts of a keyword were counted.
pub(crate) type CountedHours = BTreeSet<(Keyword, UtcTime)>;

/// Publishes a batch's counts to CloudWatch.
#[derive(Debug)]
pub(crate) struct BatchPublisher {
    publisher: Publisher,
    paused_until: Mutex<Option<Instant>>,
}

/// What became of a batch's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publishing {
    /// CloudWatch has them.
    Done,
    /// Nothing was published, because CloudWatch failed shortly before.
    Paused,
    /// CloudWatch does not have them; the log has the reason.
    Failed,
}

impl BatchPublisher {
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self { publisher, paused_until: Mutex::new(None) }
    }

    /// Publishes the counts of these hours.
    pub(crate) async fn publish(&self, hours: &CountedHours) -> Publishing {
        if hours.is_empty() {
            return Publishing::Done;
        }
        if self.paused_until().is_some_and(|end| Instant::now() < end) {
            return Publishing::Paused;
        }
        let reason = match tokio::time::timeout(TIMEOUT, self.publish_now(hours)).await {
            Ok(Ok(())) => return Publishing::Done,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("CloudWatch did not answer within {} s", TIMEOUT.as_secs()),
        };
        tracing::warn!(reason, "failed to publish stored counts; the minute's function publishes them");
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

    fn paused_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // Nothing panics while it holds the lock.
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
