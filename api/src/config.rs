//! What the api must be told.

use std::fmt;

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
    /// `CLUSTER`: the ECS cluster in which the streamer runs.
    pub cluster: String,
    /// `TASK_DEFINITION`: the streamer's task definition; its family without a revision.
    pub task_definition: String,
    /// `SUBNETS`: the subnets that the streamer may run in, with commas between.
    pub subnets: Vec<String>,
    /// `SECURITY_GROUPS`: the streamer's security groups, with commas between.
    pub security_groups: Vec<String>,
}

/// Every variable that is missing.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    missing: Vec<&'static str>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing environment variables: {}", self.missing.join(", "))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing or empty, at once.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut missing = Vec::new();
        let mut required = |name: &'static str| {
            variable(name).filter(|value| !value.is_empty()).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let list = |value: String| value.split(',').map(|part| part.trim().to_owned()).collect();
        let config = Self {
            tweets_table: required("TWEETS_TABLE"),
            statistics_table: required("STATISTICS_TABLE"),
            status_table: required("STREAM_STATUS_TABLE"),
            close_queue_url: required("STREAM_CLOSE_QUEUE_URL"),
            cluster: required("CLUSTER"),
            task_definition: required("TASK_DEFINITION"),
            subnets: list(required("SUBNETS")),
            security_groups: list(required("SECURITY_GROUPS")),
            stream_id: variable("STREAM_ID").filter(|id| !id.is_empty()).unwrap_or_else(|| "x".to_owned()),
        };
        if missing.is_empty() { Ok(config) } else { Err(ConfigError { missing }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let error = Config::read(|name| (name != "CLUSTER").then(String::new)).unwrap_err();
        assert!(
            error.to_string().contains("TWEETS_TABLE") && error.to_string().contains("CLUSTER"),
            "{error}"
        );
        let config = Config::read(|_| Some("a, b".to_owned())).unwrap();
        assert_eq!(config.subnets, ["a", "b"]);
    }
}
