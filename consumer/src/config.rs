//! The consumer's configuration.

use service::namespace::Namespace;
use service::variables::{Variables, WrongVariables};

/// The consumer's configuration. Each field names the variable that it is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `TWEETS_TABLE`: TweetsTable's name.
    pub tweets_table: String,
    /// `STATISTICS_TABLE`: StatisticsTable's name.
    pub statistics_table: String,
    /// `STREAM_STATUS_TABLE`: StreamStatusTable's name.
    pub status_table: String,
    /// `TWEETS_QUEUE_URL`: TweetsFifoQueue.
    pub tweets_queue_url: String,
    /// `DEAD_LETTER_QUEUE_URL`: TweetsDeadLetterQueue.
    pub dead_letter_queue_url: String,
    /// `METRIC_NAMESPACE`: the namespace of the metrics; `Aviary` if absent.
    pub namespace: Namespace,
    /// `KEEP_RAW`: whether posts are stored with what their source sent; `true` if absent.
    pub keep_raw: bool,
}

impl Config {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing or empty, at once.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let config = Self {
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            namespace: Namespace::from_variables(&variables),
            keep_raw: variables.flag("KEEP_RAW", true),
        };
        variables.complete(config)
    }
}
