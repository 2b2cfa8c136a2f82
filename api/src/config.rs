//! What the api must be told.

use posts::{Variables, WrongVariables};

/// What the api must be told. Each field names the variable it is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `STREAM_ID`: which stream of StreamStatusTable this is; `x` if absent.
    pub stream_id: String,
    /// `TWEETS_TABLE`: TweetsTable's name.
    pub tweets_table: String,
    /// `STATISTICS_TABLE`: StatisticsTable's name.
    pub statistics_table: String,
    /// `STREAM_STATUS_TABLE`: StreamStatusTable's name.
    pub status_table: String,
    /// `STREAM_CLOSE_QUEUE_URL`: StreamCloseQueue.
    pub close_queue_url: String,
    /// `TWEETS_QUEUE_URL`: TweetsFifoQueue.
    pub tweets_queue_url: String,
    /// `DEAD_LETTER_QUEUE_URL`: TweetsDeadLetterQueue.
    pub dead_letter_queue_url: String,
    /// `CLUSTER`: the ECS cluster in which the streamer runs.
    pub cluster: String,
    /// `TASK_DEFINITION`: the streamer's task definition; its family without a revision.
    pub task_definition: String,
    /// `SUBNETS`: the subnets that the streamer may run in, with commas between.
    pub subnets: Vec<String>,
    /// `SECURITY_GROUPS`: the streamer's security groups, with commas between.
    pub security_groups: Vec<String>,
}

impl Config {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing or empty, at once.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let list = |value: String| value.split(',').map(|part| part.trim().to_owned()).collect();
        let config = Self {
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            close_queue_url: variables.required("STREAM_CLOSE_QUEUE_URL"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            cluster: variables.required("CLUSTER"),
            task_definition: variables.required("TASK_DEFINITION"),
            subnets: list(variables.required("SUBNETS")),
            security_groups: list(variables.required("SECURITY_GROUPS")),
            stream_id: variables.optional("STREAM_ID").unwrap_or_else(|| "x".to_owned()),
        };
        variables.complete(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_written_with_commas() {
        let config = Config::read(|_| Some("a, b".to_owned())).unwrap();
        assert_eq!(config.subnets, ["a", "b"]);
    }
}
