//! A streamer's configuration.

use posts::Keyword;
use service::namespace::Namespace;
use service::variables::{Variables, WrongVariables};
use stream::SourceName;
use utc_time::UtcTime;

use crate::progress::Prices;

/// A streamer's configuration. Each field names the variable from which it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `STREAM_ID`: which stream of StreamStatusTable this is; the source's name if absent. On a machine it is `x`, whichever source is read.
    pub stream_id: String,
    /// The source.
    pub source: SourceConfig,
    /// `TWEETS_QUEUE_URL`: TweetsFifoQueue.
    pub tweets_queue_url: String,
    /// `STREAM_CLOSE_QUEUE_URL`: StreamCloseQueue.
    pub close_queue_url: String,
    /// `STREAM_STATUS_TABLE`: StreamStatusTable's name.
    pub status_table: String,
    /// `DAILY_POST_BUDGET`: how many of X's posts may be read in a day (UTC), at least 1. If absent, 10,000, which costs $50 at X's price of
    /// $0.005 a post (<https://docs.x.com/x-api/getting-started/pricing>). For Mastodon it is `MASTODON_DAILY_POST_BUDGET`; without a limit if
    /// absent.
    pub daily_post_budget: Option<u64>,
    /// `MONTHLY_POST_BUDGET`: how many of X's posts may be read in a month (UTC), at least 1; without a limit of ours if absent. X's own is
    /// 3,000,000 (<https://docs.x.com/x-api/getting-started/pricing>).
    pub monthly_post_budget: Option<u64>,
    /// `CHARGED_FOR_USERS`: whether the account is charged for the users who come with posts, `true` or `false`. X does not say whether it charges
    /// for them (<https://docs.x.com/x-api/getting-started/pricing>); `false` if absent.
    pub charged_for_users: bool,
    /// `KEYWORD`: a keyword that is requested when the streamer starts, as `POST /stream` does; none if absent. It is how a person runs a task
    /// by hand.
    pub keyword: Option<Keyword>,
    /// `SINCE`: posts of `KEYWORD` that were written at this time (RFC 3339) or later are fetched too.
    pub since: Option<UtcTime>,
    /// `METRIC_NAMESPACE`: the namespace of the metrics; `Aviary` if absent.
    pub namespace: Namespace,
    /// The name under which this streamer holds the lease. Not read from a variable, since it differs from task to task.
    pub owner: String,
}

/// The source, which `SOURCE` names: `x`, or `mastodon`; X if absent. The variables of the other source are not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceConfig {
    /// X's filtered stream.
    X {
        /// `X_API_URL`: X's base URL; `https://api.x.com` if absent.
        url: String,
        /// `TWITTER_BEARER_TOKEN_PARAMETER`: the SSM parameter that holds X's bearer token.
        token_parameter: String,
        /// `X_BACKFILL_MINUTES`: how many minutes of missed posts X delivers again, 0 to 5. 0 if absent; only Enterprise
        /// accounts have any.
        backfill_minutes: u32,
        /// `ARCHIVE_SEARCH`: whether posts of more than seven days ago are fetched by full-archive search, if X offers it to the
        /// account; `true` if absent.
        archive_search: bool,
    },
    /// The public posts that a Mastodon server knows.
    Mastodon {
        /// `MASTODON_URL`: the server's URL, as in `https://mastodon.example`.
        url: String,
        /// `MASTODON_TOKEN_PARAMETER`: the SSM parameter that holds an access token, if the server requires one.
        token_parameter: Option<String>,
        /// `MASTODON_HONOUR_OPT_OUT`: whether posts are left out whose authors have opted out of being found by search (`indexable: false`,
        /// `noindex: true`); `true` if absent.
        honour_opt_out: bool,
    },
}

impl SourceConfig {
    /// Which source it is.
    #[must_use]
    pub fn name(&self) -> SourceName {
        match self {
            Self::X { .. } => SourceName::X,
            Self::Mastodon { .. } => SourceName::Mastodon,
        }
    }

    /// The SSM parameter that holds the source's token, if it needs one.
    pub(crate) fn token_parameter(&self) -> Option<&str> {
        match self {
            Self::X { token_parameter, .. } => Some(token_parameter),
            Self::Mastodon { token_parameter, .. } => token_parameter.as_deref(),
        }
    }
}

impl Config {
    /// What the source charges.
    pub(crate) fn prices(&self) -> Prices {
        match self.source {
            SourceConfig::X { .. } => Prices {
                micro_dollars_a_post: x::prices::MICRO_DOLLARS_A_POST,
                micro_dollars_a_user: x::prices::MICRO_DOLLARS_A_USER,
                charged_for_users: self.charged_for_users,
            },
            SourceConfig::Mastodon { .. } => Prices::default(),
        }
    }

    /// Reads the variables through `variable`.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, together.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        owner: String,
    ) -> Result<Self, WrongVariables> {
        let mut variables = Variables::new(variable);
        let source = match variables.parsed("SOURCE").unwrap_or(SourceName::X) {
            SourceName::Mastodon => SourceConfig::Mastodon {
                url: variables.required("MASTODON_URL"),
                token_parameter: variables.optional("MASTODON_TOKEN_PARAMETER"),
                honour_opt_out: variables.flag("MASTODON_HONOUR_OPT_OUT", true),
            },
            SourceName::X => SourceConfig::X {
                url: variables.optional("X_API_URL").unwrap_or_else(|| ::x::BASE_URL.to_owned()),
                token_parameter: variables.required("TWITTER_BEARER_TOKEN_PARAMETER"),
                backfill_minutes: variables.number("X_BACKFILL_MINUTES", 0..=x::limits::BACKFILL_MINUTES, 0),
                archive_search: variables.flag("ARCHIVE_SEARCH", true),
            },
        };
        let mut budget = |name| variables.optional(name).map(|_| variables.number(name, 1..=u64::MAX, 1));
        let (daily_post_budget, monthly_post_budget) = match &source {
            SourceConfig::Mastodon { .. } => (budget("MASTODON_DAILY_POST_BUDGET"), None),
            SourceConfig::X { .. } => {
                (Some(budget("DAILY_POST_BUDGET").unwrap_or(10_000)), budget("MONTHLY_POST_BUDGET"))
            }
        };
        let config = Self {
            tweets_queue_url: variables.required("TWEETS_QUEUE_URL"),
            close_queue_url: variables.required("STREAM_CLOSE_QUEUE_URL"),
            status_table: variables.required("STREAM_STATUS_TABLE"),
            stream_id: variables.optional("STREAM_ID").unwrap_or_else(|| source.name().as_str().to_owned()),
            keyword: variables.parsed("KEYWORD"),
            since: variables.parsed("SINCE"),
            namespace: Namespace::from_variables(&variables),
            daily_post_budget,
            monthly_post_budget,
            charged_for_users: variables.flag("CHARGED_FOR_USERS", false),
            source,
            owner,
        };
        if config.since.is_some() && variables.optional("KEYWORD").is_none() {
            variables.refuse("SINCE needs KEYWORD: it is about the posts of that keyword");
        }
        variables.complete(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let always = ["TWEETS_QUEUE_URL", "STREAM_CLOSE_QUEUE_URL", "STREAM_STATUS_TABLE"];
        let variable = |name: &str| {
            let given = pairs.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| always.contains(&name).then(|| "set".to_owned()))
        };
        Config::from_variables(variable, "me".to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn x_is_read_unless_mastodon_is_named() {
        let x = read(&[("TWITTER_BEARER_TOKEN_PARAMETER", "token"), ("X_BACKFILL_MINUTES", "5")]).unwrap();
        assert_eq!((x.daily_post_budget, x.charged_for_users), (Some(10_000), false));
        assert!(matches!(x.source, SourceConfig::X { backfill_minutes: 5, archive_search: true, .. }));
        let url = ("MASTODON_URL", "https://m.example");
        let mastodon = read(&[("SOURCE", "mastodon"), url, ("DAILY_POST_BUDGET", "5")]).unwrap();
        assert_eq!((mastodon.stream_id.as_str(), mastodon.daily_post_budget), ("mastodon", None));
        let limited = read(&[("SOURCE", "mastodon"), url, ("MASTODON_DAILY_POST_BUDGET", "5")]).unwrap();
        assert_eq!(limited.daily_post_budget, Some(5));
        assert_eq!(
            read(&[("SOURCE", "mastodon")]).unwrap_err(),
            "missing environment variables: MASTODON_URL"
        );
        assert_eq!(
            read(&[("SOURCE", "reddit"), ("TWITTER_BEARER_TOKEN_PARAMETER", "token")]).unwrap_err(),
            "SOURCE cannot be used: a source is x or mastodon; got \"reddit\""
        );
        assert!(matches!(
            mastodon.source,
            SourceConfig::Mastodon { token_parameter: None, honour_opt_out: true, .. }
        ));
    }

    #[test]
    fn a_task_can_be_told_what_to_collect() {
        let token = ("TWITTER_BEARER_TOKEN_PARAMETER", "token");
        let told = read(&[token, ("KEYWORD", " rust "), ("SINCE", "2026-11-01T00:00:00Z")]).unwrap();
        assert_eq!(told.keyword.unwrap().as_str(), "rust");
        assert_eq!(told.since.unwrap().to_string(), "2026-11-01T00:00:00.000Z");
        let wrong = read(&[token, ("KEYWORD", "a\u{1}b"), ("SINCE", "yesterday")]).unwrap_err();
        assert!(
            wrong.contains("KEYWORD cannot be used: a keyword must not contain control characters"),
            "{wrong}"
        );
        assert!(wrong.contains("SINCE cannot be used"), "{wrong}");
        let alone = read(&[token, ("SINCE", "2026-11-01T00:00:00Z")]).unwrap_err();
        assert_eq!(alone, "SINCE needs KEYWORD: it is about the posts of that keyword");
    }

    #[test]
    fn what_is_wrong_is_named_at_once() {
        assert_eq!(
            read(&[
                ("X_BACKFILL_MINUTES", "6"),
                ("DAILY_POST_BUDGET", "0"),
                ("MONTHLY_POST_BUDGET", "many"),
                ("CHARGED_FOR_USERS", "yes")
            ])
            .unwrap_err(),
            "missing environment variables: TWITTER_BEARER_TOKEN_PARAMETER; \
             X_BACKFILL_MINUTES must be a whole number from 0 to 5, not \"6\"; \
             DAILY_POST_BUDGET must be a whole number from 1 to 18446744073709551615, not \"0\"; \
             MONTHLY_POST_BUDGET must be a whole number from 1 to 18446744073709551615, not \"many\"; \
             CHARGED_FOR_USERS must be true or false, not \"yes\""
        );
    }
}
