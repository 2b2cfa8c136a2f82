//! How long messages wait on the queue, recorded in StreamStatusTable: the streamer computes its lag from it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stream::StreamStatusTable;
use stream::storing::{RECORDED_EVERY, Storing};
use tokio::time::Instant;
use utc_time::UtcTime;

/// How long recording may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Records how long messages wait on the queue.
#[derive(Debug)]
pub(crate) struct QueueDelay {
    status: StreamStatusTable,
    next: Mutex<Option<Instant>>,
}

impl QueueDelay {
    pub(crate) fn new(status: StreamStatusTable) -> Self {
        Self { status, next: Mutex::new(None) }
    }

    /// Records the delay of a batch that is stored now, of which the oldest message was `sent` then. A failure is
    /// logged and otherwise ignored.
    pub(crate) async fn record(&self, sent: UtcTime) {
        if !self.is_due() {
            return;
        }
        let at = UtcTime::now();
        let queue_ms = u64::try_from(at.since(sent).as_millis()).unwrap_or(u64::MAX);
        match tokio::time::timeout(TIMEOUT, self.status.save_storing(&Storing { at, queue_ms })).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "failed to record the queue's delay"),
            Err(_) => tracing::warn!("failed to record the queue's delay in time"),
        }
    }

    /// Whether the interval has passed; if so, the next one begins.
    fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = next.is_none_or(|next| next <= now);
        if is_due {
            *next = Some(now + RECORDED_EVERY);
        }
        is_due
    }
}
