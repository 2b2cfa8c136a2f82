//! The pipeline's own metrics, as lines of CloudWatch's embedded metric format.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use utc_time::UtcTime;

use crate::namespace::Namespace;

/// Writes a line of JSON for each set of values. CloudWatch turns such lines of a log into metrics, so a value costs no call;
/// each [`Gauge`] is one metric without dimensions.
#[derive(Clone)]
pub struct EmbeddedMetrics {
    log: Option<Arc<Mutex<dyn Write + Send>>>,
    namespace: Namespace,
}

/// A metric of the pipeline's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    name: &'static str,
    unit: &'static str,
}

impl Gauge {
    /// Posts that the consumer stored, in one batch.
    pub const POSTS_NEW: Self = Self { name: "PostsNew", unit: "Count" };
    /// Posts that the consumer found stored already, in one batch.
    pub const POSTS_REPEATED: Self = Self { name: "PostsRepeated", unit: "Count" };
    /// Posts that the consumer edited or removed, in one batch.
    pub const POSTS_CORRECTED: Self = Self { name: "PostsCorrected", unit: "Count" };
    /// Parts of posts that the consumer left out because they cannot be right, in one batch: an entity whose position lies outside the text, a
    /// medium without an address.
    pub const PARTS_LEFT_OUT: Self = Self { name: "PartsLeftOut", unit: "Count" };
    /// Messages, and posts of messages, that the consumer put on TweetsDeadLetterQueue, in one batch.
    pub const GIVEN_UP: Self = Self { name: "GivenUp", unit: "Count" };
    /// How often the consumer retried transactions, in one batch.
    pub const TRANSACTIONS_RETRIED: Self = Self { name: "TransactionsRetried", unit: "Count" };
    /// 1 if a batch's counts could not be published to CloudWatch, otherwise 0. The minute publishes them.
    pub const STATING_FAILED: Self = Self { name: "StatingFailed", unit: "Count" };
    /// The size of a batch's messages, in bytes.
    pub const MESSAGE_BYTES: Self = Self { name: "MessageBytes", unit: "Bytes" };
    /// How long it took the latest post of a batch from when it was written until it was stored.
    pub const CONSUMER_LAG: Self = Self { name: "ConsumerLag", unit: "Milliseconds" };
    /// How long it took the latest post from when it was written until it was on the queue, at each heartbeat.
    pub const STREAMER_LAG: Self = Self { name: "StreamerLag", unit: "Milliseconds" };
    /// Posts per second that the streamer read, at each heartbeat.
    pub const POSTS_READ: Self = Self { name: "PostsRead", unit: "Count/Second" };
    /// Messages on TweetsDeadLetterQueue, every minute.
    pub const DEAD_LETTERS: Self = Self { name: "DeadLetters", unit: "Count" };
    /// Open gaps of the last 24 hours, whose posts are missing, every minute.
    pub const GAPS_OPEN: Self = Self { name: "GapsOpen", unit: "Count" };
    /// Gaps that are being healed, every minute.
    pub const GAPS_HEALING: Self = Self { name: "GapsHealing", unit: "Count" };
    /// 1 while keywords are requested and nobody reads, unless a person has stopped the task, otherwise 0; every minute.
    pub const UNREAD: Self = Self { name: "Unread", unit: "Count" };
    /// 1 while X must be paid before it delivers more posts, or has delivered as many as it does in a month, otherwise 0; every minute.
    pub const OUT_OF_CREDITS: Self = Self { name: "OutOfCredits", unit: "Count" };
    /// Requests that the source rejected as invalid, since the last heartbeat: connections, and searches that would heal a gap. Either this
    /// program is wrong, or the source has changed.
    pub const REQUESTS_REFUSED: Self = Self { name: "RequestsRefused", unit: "Count" };
    /// How much of the day's or the month's budget (UTC) is used up, whichever is more, in percent, every minute, if there is a budget.
    pub const BUDGET_USED: Self = Self { name: "BudgetUsed", unit: "Percent" };
    /// How long ago the last check ended that went through all posts of X for what was taken back, or since when none has; every minute, if posts
    /// come from X.
    pub const COMPLIANCE_AGE: Self = Self { name: "ComplianceAge", unit: "Seconds" };

    /// The metric's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl EmbeddedMetrics {
    /// Writes to `log`, which CloudWatch reads, metrics of the [`Namespace::pipeline`] below this one.
    pub fn new(log: impl Write + Send + 'static, namespace: &Namespace) -> Self {
        Self { log: Some(Arc::new(Mutex::new(log))), namespace: namespace.pipeline() }
    }

    /// Writes nowhere, for where no CloudWatch reads the log.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { log: None, namespace: Namespace::default() }
    }

    /// Writes these values. A failure is ignored: metrics must not stop what they measure.
    pub fn say(&self, values: &[(Gauge, f64)], now: UtcTime) {
        let Some(log) = &self.log else { return };
        let line = format!("{}\n", line(&self.namespace, values, now));
        let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

impl fmt::Debug for EmbeddedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedMetrics { .. }")
    }
}

fn line(namespace: &Namespace, values: &[(Gauge, f64)], now: UtcTime) -> Value {
    let metrics: Vec<Value> =
        values.iter().map(|(gauge, _)| json!({ "Name": gauge.name, "Unit": gauge.unit })).collect();
    let mut line: Map<String, Value> =
        values.iter().map(|(gauge, value)| (gauge.name.to_owned(), json!(value))).collect();
    let directive = json!({ "Namespace": namespace.as_str(), "Dimensions": [[]], "Metrics": metrics });
    line.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millis(), "CloudWatchMetrics": [directive] }));
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metrics_and_holds_their_values() {
        let values = [(Gauge::POSTS_NEW, 3.0), (Gauge::CONSUMER_LAG, 1250.0)];
        let namespace = Namespace::new("Aviary/one").pipeline();
        let line = line(&namespace, &values, UtcTime::from_millis(1_795_514_400_000).unwrap());
        let metrics = json!([
            { "Name": "PostsNew", "Unit": "Count" }, { "Name": "ConsumerLag", "Unit": "Milliseconds" },
        ]);
        let directive = json!({ "Namespace": "Aviary/one/Pipeline", "Dimensions": [[]], "Metrics": metrics });
        let aws = json!({ "Timestamp": 1_795_514_400_000_i64, "CloudWatchMetrics": [directive] });
        assert_eq!(line, json!({ "_aws": aws, "PostsNew": 3.0, "ConsumerLag": 1250.0 }));
    }
}
