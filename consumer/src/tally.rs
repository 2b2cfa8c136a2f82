//! What a batch came to, for the log and the pipeline's own metrics.

use service::own_metrics::Gauge;
use utc_time::UtcTime;

use crate::publish::Publishing;

/// What a batch came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Posts that were new.
    pub(crate) new: usize,
    /// Posts that had been stored before.
    pub(crate) repeated: usize,
    /// Posts that were edited or removed.
    pub(crate) corrected: usize,
    /// Parts of posts that cannot be right, and were left out.
    pub(crate) left_out: u64,
    /// Messages and posts that were put on the dead-letter queue.
    pub(crate) given_up: usize,
    /// Retries of transactions.
    pub(crate) retried: usize,
    /// The size of the messages' bodies.
    pub(crate) bytes: usize,
    /// When the latest post was created.
    pub(crate) latest: Option<UtcTime>,
    /// When the oldest stored message was sent.
    pub(crate) sent: Option<UtcTime>,
}

impl Tally {
    /// The batch's metrics at `now`.
    pub(crate) fn metrics(&self, publishing: Publishing, now: UtcTime) -> Vec<(Gauge, f64)> {
        let count = |count: usize| count as f64;
        let mut values = vec![
            (Gauge::POSTS_NEW, count(self.new)),
            (Gauge::POSTS_REPEATED, count(self.repeated)),
            (Gauge::POSTS_CORRECTED, count(self.corrected)),
            (Gauge::PARTS_LEFT_OUT, self.left_out as f64),
            (Gauge::GIVEN_UP, count(self.given_up)),
            (Gauge::TRANSACTIONS_RETRIED, count(self.retried)),
            (Gauge::MESSAGE_BYTES, count(self.bytes)),
            (Gauge::STATING_FAILED, count(usize::from(publishing == Publishing::Failed))),
        ];
        let lag = self.latest.map(|created| now.since(created).as_millis() as f64);
        values.extend(lag.map(|lag| (Gauge::CONSUMER_LAG, lag)));
        values
    }
}
