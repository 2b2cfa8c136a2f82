//! What a streamer must be told.

use std::fmt;

/// What a streamer must be told. Each field names the variable it is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `STREAM_ID`: which stream of StreamStatusTable this is; `x` if absent.
    pub stream_id: String,
    /// `X_API_URL`: where X is; `https://api.x.com` if absent.
    pub x_api_url: String,
    /// `TWITTER_BEARER_TOKEN_PARAMETER`: the SSM parameter that holds X's bearer token.
    pub token_parameter: String,
    /// `TWEETS_QUEUE_URL`: TweetsFifoQueue.
    pub tweets_queue_url: String,
    /// `STREAM_CLOSE_QUEUE_URL`: StreamCloseQueue.
    pub close_queue_url: String,
    /// `STREAM_STATUS_TABLE`: StreamStatusTable's name.
    pub status_table: String,
    /// Who this streamer is among all that may hold the lease. Not read from a variable: it differs
    /// from task to task.
    pub owner: String,
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
    pub fn read(variable: impl Fn(&str) -> Option<String>, owner: String) -> Result<Self, ConfigError> {
        let present = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut missing = Vec::new();
        let mut required = |name: &'static str| {
            present(name).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let config = Self {
            token_parameter: required("TWITTER_BEARER_TOKEN_PARAMETER"),
            tweets_queue_url: required("TWEETS_QUEUE_URL"),
            close_queue_url: required("STREAM_CLOSE_QUEUE_URL"),
            status_table: required("STREAM_STATUS_TABLE"),
            stream_id: present("STREAM_ID").unwrap_or_else(|| "x".to_owned()),
            x_api_url: present("X_API_URL").unwrap_or_else(|| "https://api.x.com".to_owned()),
            owner,
        };
        if missing.is_empty() { Ok(config) } else { Err(ConfigError { missing }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let set = |name: &str| match name {
            "TWEETS_QUEUE_URL" => Some("url".to_owned()),
            "STREAM_STATUS_TABLE" => Some(String::new()),
            _ => None,
        };
        assert_eq!(
            Config::read(set, "me".to_owned()).unwrap_err().to_string(),
            "missing environment variables: TWITTER_BEARER_TOKEN_PARAMETER, STREAM_CLOSE_QUEUE_URL, STREAM_STATUS_TABLE"
        );
    }
}
