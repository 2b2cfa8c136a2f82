//! What the functions of the api must be told.

use service::variables::{Variables, WrongVariables};

/// What the reading function must be told. Each field names the variable it is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadConfig {
    /// `STREAM_ID`: which stream of StreamStatusTable this is; `x` if absent.
    pub stream_id: String,
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
    /// `TWITTER_BEARER_TOKEN_PARAMETER`: the SSM parameter that holds X's bearer token; absent where
    /// posts do not come from X, and nothing can be estimated.
    pub token_parameter: Option<String>,
    /// `X_API_URL`: where X is; `https://api.x.com` if absent.
    pub x_url: String,
    /// `ANSWER_BYTES`: how many bytes an export's body may have as Lambda sends it, in JSON; then it ends, and tells
    /// where to go on. 5,500,000 if absent, for Lambda answers no more than 6 MB, headers among them. None: no bound.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    pub answer_bytes: Option<usize>,
}

/// What the controlling function, and that of the minute, must be told. Each field names the variable it is
/// read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlConfig {
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

/// X's address.
const X_URL: &str = "https://api.x.com";

impl ReadConfig {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing, empty or wrong, at once.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let config = Self {
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            answer_bytes: Some(variables.number("ANSWER_BYTES", 100_000..=6_000_000, 5_500_000)),
            token_parameter: variables.optional("TWITTER_BEARER_TOKEN_PARAMETER"),
            x_url: variables.optional("X_API_URL").unwrap_or_else(|| X_URL.to_owned()),
            stream_id: variables.optional("STREAM_ID").unwrap_or_else(|| "x".to_owned()),
        };
        variables.complete(config)
    }
}

impl ControlConfig {
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
        let config = ControlConfig::read(|_| Some("a, b".to_owned())).unwrap();
        assert_eq!(config.subnets, ["a", "b"]);
    }

    #[test]
    fn answers_of_a_function_are_bounded_whatever_it_is_told() {
        let with = |bytes: &'static str| {
            ReadConfig::read(move |name| Some(if name == "ANSWER_BYTES" { bytes } else { "a" }.to_owned()))
        };
        assert_eq!(with("").unwrap().answer_bytes, Some(5_500_000));
        assert!(with("6000001").is_err());
    }
}
