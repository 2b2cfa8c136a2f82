//! The configuration of the API's Lambda functions, from environment variables.

use service::namespace::Namespace;
use service::variables::{Variables, WrongVariables};
use stream::StreamStatusTable;

/// The configuration of `read`. Each field names its environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadConfig {
    /// `STREAM_ID`: the stream's id in StreamStatusTable; `x` if absent.
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
    /// `ANSWER_BYTES`: the most bytes of an export's body as Lambda sends it, in JSON; a longer export continues in another
    /// answer. 5,500,000 if absent, because Lambda sends at most 6 MB, including headers. None: no limit.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    pub answer_bytes: Option<usize>,
    /// `METRIC_NAMESPACE`: the namespace of the metrics; `Aviary` if absent.
    pub namespace: Namespace,
}

/// The configuration of `control` and `minute`. Each field names its environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlConfig {
    /// `STREAM_ID`: the stream's id in StreamStatusTable; `x` if absent.
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
    /// `TASK_DEFINITION`: the streamer's task definition.
    pub task_definition: TaskDefinition,
    /// `SUBNETS`: the subnets in which the streamer may run, separated by commas.
    pub subnets: Vec<String>,
    /// `SECURITY_GROUPS`: the streamer's security groups, separated by commas.
    pub security_groups: Vec<String>,
    /// `ASSIGN_PUBLIC_IP`: whether the streamer gets a public address; `true` if absent.
    pub assign_public_ip: bool,
    /// `TWITTER_BEARER_TOKEN_PARAMETER`: the SSM parameter that holds X's bearer token; absent if posts do not come from X: then there
    /// are no estimates, and X is not asked about new keywords, nor which posts were taken back.
    pub token_parameter: Option<String>,
    /// `X_API_URL`: X's address; `https://api.x.com` if absent.
    pub x_url: String,
    /// `METRIC_NAMESPACE`: the namespace of the metrics; `Aviary` if absent.
    pub namespace: Namespace,
}

/// A task definition: the ARN of one revision, which then takes over from another that runs; or a family alone, of which ECS takes the newest and
/// whose tasks that run stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefinition(String);

impl TaskDefinition {
    /// It as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family: `aviary-streamer` of `arn:aws:ecs:us-east-1:123456789012:task-definition/aviary-streamer:7`.
    #[must_use]
    pub fn family(&self) -> &str {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default()
    }

    /// The ARN, if it is one of a revision.
    #[must_use]
    pub fn revision(&self) -> Option<String> {
        self.0.contains(":task-definition/").then(|| self.0.clone())
    }
}

impl From<String> for TaskDefinition {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// The configuration of `authorizer`. Each field names its environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerConfig {
    /// `API_KEYS_PARAMETER`: the SSM parameter that holds the hashes of the API keys.
    pub keys_parameter: String,
}

impl ReadConfig {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing, empty or wrong, at once.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let config = Self {
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            answer_bytes: Some(variables.number("ANSWER_BYTES", 100_000..=6_000_000, 5_500_000)),
            stream_id: StreamStatusTable::stream_id(&variables),
            namespace: Namespace::from_variables(&variables),
        };
        variables.complete(config)
    }
}

impl ControlConfig {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing or empty, at once.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
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
            task_definition: TaskDefinition::from(variables.required("TASK_DEFINITION")),
            subnets: list(variables.required("SUBNETS")),
            security_groups: list(variables.required("SECURITY_GROUPS")),
            assign_public_ip: variables.flag("ASSIGN_PUBLIC_IP", true),
            token_parameter: variables.optional("TWITTER_BEARER_TOKEN_PARAMETER"),
            x_url: variables.optional("X_API_URL").unwrap_or_else(|| x::BASE_URL.to_owned()),
            stream_id: StreamStatusTable::stream_id(&variables),
            namespace: Namespace::from_variables(&variables),
        };
        variables.complete(config)
    }
}

impl AuthorizerConfig {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// The variable is missing or empty.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let config = Self { keys_parameter: variables.required("API_KEYS_PARAMETER") };
        variables.complete(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_separated_by_commas() {
        let value = |name: &str| if name == "ASSIGN_PUBLIC_IP" { "false" } else { "a, b" };
        let config = ControlConfig::from_variables(|name| Some(value(name).to_owned())).unwrap();
        assert_eq!((config.subnets, config.assign_public_ip), (vec!["a".to_owned(), "b".to_owned()], false));
    }

    #[test]
    fn a_task_definition_is_a_revision_or_a_family() {
        let arn = "arn:aws-cn:ecs:cn-north-1:123456789012:task-definition/aviary-streamer:7";
        let revision = TaskDefinition::from(arn.to_owned());
        assert_eq!((revision.family(), revision.revision().as_deref()), ("aviary-streamer", Some(arn)));
        let family = TaskDefinition::from("aviary-streamer".to_owned());
        assert_eq!((family.family(), family.revision()), ("aviary-streamer", None));
    }

    #[test]
    fn the_answers_of_a_function_are_always_bounded() {
        let with = |bytes: &'static str| {
            ReadConfig::from_variables(move |name| {
                Some(if name == "ANSWER_BYTES" { bytes } else { "a" }.to_owned())
            })
        };
        assert_eq!(with("").unwrap().answer_bytes, Some(5_500_000));
        assert!(with("6000001").is_err());
    }
}
