//! The configuration of the API's Lambda functions, from environment variables.

use std::str::FromStr;

use service::namespace::Namespace;
use service::variables::{Variables, WrongVariables};
use stream::SourceName;

/// The configuration of `read`. Each field names its environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadConfig {
    /// `SOURCES`: the sources that are read here, separated by commas, as in `x,mastodon`; `x` if absent. Each has a stream.
    pub streams: Vec<StreamConfig>,
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
    /// `SOURCES`: the sources that are read here, separated by commas, as in `x,mastodon`; `x` if absent. Each has a stream.
    pub streams: Vec<ControlledStreamConfig>,
    /// The streams of the other sources, which may have been read before: no task of theirs runs.
    pub retired: Vec<ControlledStreamConfig>,
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
    /// `CLUSTER`: the ECS cluster in which the streamers run.
    pub cluster: String,
    /// `SUBNETS`: the subnets in which a streamer may run, separated by commas.
    pub subnets: Vec<String>,
    /// `SECURITY_GROUPS`: the streamers' security groups, separated by commas.
    pub security_groups: Vec<String>,
    /// `ASSIGN_PUBLIC_IP`: whether a streamer gets a public address; `true` if absent.
    pub assign_public_ip: bool,
    /// `TWITTER_BEARER_TOKEN_PARAMETER`: the SSM parameter that holds X's bearer token. None if X is not read: then there
    /// are no estimates, and X is not asked about new keywords, nor which posts were taken back.
    pub token_parameter: Option<String>,
    /// `X_API_URL`: X's address; `https://api.x.com` if absent.
    pub x_url: String,
    /// `METRIC_NAMESPACE`: the namespace of the metrics; `Aviary` if absent.
    pub namespace: Namespace,
}

/// The stream of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// The source.
    pub source: SourceName,
    /// Its id in StreamStatusTable: the source's name, except on a machine that reads only one source.
    pub stream_id: String,
}

/// The stream of a source, and what starts and wakes its streamer. The variables are those of X; Mastodon has `MASTODON_CLOSE_QUEUE_URL` and
/// `MASTODON_TASK_DEFINITION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlledStreamConfig {
    /// The stream.
    pub stream: StreamConfig,
    /// `STREAM_CLOSE_QUEUE_URL`: the queue that wakes its streamer.
    pub close_queue_url: String,
    /// `TASK_DEFINITION`: its streamer's task definition.
    pub task_definition: TaskDefinition,
}

impl From<SourceName> for StreamConfig {
    fn from(source: SourceName) -> Self {
        Self { source, stream_id: source.as_str().to_owned() }
    }
}

/// Sources as a variable has them: separated by commas, each once.
struct Sources(Vec<SourceName>);

impl Sources {
    fn from_variables(variables: &mut Variables<impl Fn(&str) -> Option<String>>) -> Vec<SourceName> {
        variables.parsed("SOURCES").map_or_else(|| vec![SourceName::X], |Self(sources)| sources)
    }
}

impl FromStr for Sources {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sources: Result<Vec<SourceName>, _> = text.split(',').map(|name| name.trim().parse()).collect();
        let mut sources = sources.map_err(|unknown: stream::UnknownSource| unknown.to_string())?;
        sources.sort_unstable();
        if sources.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("a source is named twice in {text:?}"));
        }
        Ok(Self(sources))
    }
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
            streams: Sources::from_variables(&mut variables).into_iter().map(StreamConfig::from).collect(),
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            answer_bytes: Some(variables.number("ANSWER_BYTES", 100_000..=6_000_000, 5_500_000)),
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
        let sources = Sources::from_variables(&mut variables);
        let token_parameter =
            sources.contains(&SourceName::X).then(|| variables.required("TWITTER_BEARER_TOKEN_PARAMETER"));
        let mut stream = |source: SourceName| {
            let (close_queue, task_definition) = match source {
                SourceName::X => ("STREAM_CLOSE_QUEUE_URL", "TASK_DEFINITION"),
                SourceName::Mastodon => ("MASTODON_CLOSE_QUEUE_URL", "MASTODON_TASK_DEFINITION"),
            };
            ControlledStreamConfig {
                stream: source.into(),
                close_queue_url: variables.required(close_queue),
                task_definition: variables.required(task_definition).into(),
            }
        };
        let (streams, retired): (Vec<_>, Vec<_>) = SourceName::ALL
            .into_iter()
            .map(&mut stream)
            .partition(|each| sources.contains(&each.stream.source));
        let config = Self {
            streams,
            retired,
            tweets_table: variables.required("TWEETS_TABLE"),
            statistics_table: variables.required("STATISTICS_TABLE"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL"),
            cluster: variables.required("CLUSTER"),
            subnets: list(variables.required("SUBNETS")),
            security_groups: list(variables.required("SECURITY_GROUPS")),
            assign_public_ip: variables.flag("ASSIGN_PUBLIC_IP", true),
            token_parameter,
            x_url: variables.optional("X_API_URL").unwrap_or_else(|| x::BASE_URL.to_owned()),
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
        let value = |name: &str| match name {
            "ASSIGN_PUBLIC_IP" => "false",
            "SOURCES" => "mastodon, x",
            "MASTODON_TASK_DEFINITION" => "other",
            _ => "a, b",
        };
        let config = ControlConfig::from_variables(|name| Some(value(name).to_owned())).unwrap();
        assert_eq!((config.subnets, config.assign_public_ip), (vec!["a".to_owned(), "b".to_owned()], false));
        let streams: Vec<(&str, &str)> = config
            .streams
            .iter()
            .map(|each| (&*each.stream.stream_id, each.task_definition.as_str()))
            .collect();
        assert_eq!(streams, [("x", "a, b"), ("mastodon", "other")]);
    }

    #[test]
    fn sources_are_known_and_named_once() {
        let with = |sources: &'static str| {
            let variable = |name: &str| {
                let value = if name == "SOURCES" { sources } else { "1000000" };
                (!["TWITTER_BEARER_TOKEN_PARAMETER", "ASSIGN_PUBLIC_IP"].contains(&name))
                    .then(|| value.to_owned())
            };
            ControlConfig::from_variables(variable)
                .map(|config| (config.streams.len(), config.retired.len()))
                .map_err(|error| error.to_string())
        };
        assert_eq!(with("mastodon"), Ok((1, 1)));
        for (sources, error) in [
            ("", "missing environment variables: TWITTER_BEARER_TOKEN_PARAMETER"),
            ("mastodon,reddit", "SOURCES cannot be used: a source is x or mastodon; got \"reddit\""),
            ("mastodon,mastodon", "SOURCES cannot be used: a source is named twice in \"mastodon,mastodon\""),
        ] {
            assert!(with(sources).unwrap_err().contains(error), "{sources}");
        }
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
                let value = if name == "ANSWER_BYTES" { bytes } else { "a" };
                (name != "SOURCES").then(|| value.to_owned())
            })
        };
        assert_eq!(with("").unwrap().answer_bytes, Some(5_500_000));
        assert!(with("6000001").is_err());
    }
}
