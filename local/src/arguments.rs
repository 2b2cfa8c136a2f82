//! Reads the command line and the environment of `aviary`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use local::keys::KeyCommand;
use posts::Keyword;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Collects posts from X's filtered stream by keyword, and lets you browse and count them, all on this machine.
/// Without `X_BEARER_TOKEN` in the environment, the posts are made up.
#[derive(Parser)]
#[command(name = "aviary", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Subcommand>,
    /// The folder that stores everything.
    #[arg(long, default_value = "./data", global = true)]
    pub(crate) data: PathBuf,
    /// The API's port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// The address that the API listens on. Any address but loopback requires an API key.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// Requires an API key on a loopback address too.
    #[arg(long)]
    pub(crate) require_key: bool,
    /// Starts no streamer here. A streamer in another process, such as a container, finds the AWS-compatible endpoint
    /// on this port.
    #[arg(long, value_name = "PORT")]
    pub(crate) streamer_elsewhere: Option<u16>,
    /// Made-up or recorded posts per second.
    #[arg(long, default_value_t = 10.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Plays the posts of this file, one JSON object per line, instead of made-up ones or those of X. Each time the
    /// file is played, its posts get new ids and times.
    #[arg(long)]
    pub(crate) recording: Option<PathBuf>,
    /// Reads this Mastodon server, such as https://mastodon.example, instead of X. A keyword is a hashtag, or words in the
    /// public posts that reach the server.
    #[arg(long, conflicts_with = "recording", value_parser = server)]
    pub(crate) mastodon: Option<String>,
    /// Collects posts of authors too who have opted out of being found by search (`noindex`, `indexable`). Without it, they are left out.
    #[arg(long, requires = "mastodon")]
    pub(crate) ignore_opt_out: bool,
    /// A keyword to collect from the start; may be repeated.
    #[arg(long = "keyword", value_name = "KEYWORD", allow_hyphen_values = true, value_parser = keyword)]
    pub(crate) keywords: Vec<Keyword>,
    /// The number of posts that may be read per day (UTC). The default is 10,000 from X, otherwise unlimited.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) daily_post_budget: Option<u64>,
    /// The number of posts that may be read per month (UTC). The default is unlimited.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) monthly_post_budget: Option<u64>,
    /// Counts the users who come with posts as charged for, at $0.010 a user and day. X does not say whether it charges for them.
    #[arg(long)]
    pub(crate) charged_for_users: bool,
    /// Stores posts without what their source sent (the field `raw`).
    #[arg(long)]
    pub(crate) without_raw: bool,
}

#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Creates, lists and revokes API keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
        /// Stores the keys in this SSM parameter of your AWS account instead of the data folder.
        #[arg(long, global = true)]
        parameter: Option<String>,
    },
    /// Deletes what was collected for good, and prints a receipt. Stop the keywords first.
    ///
    /// In the data folder, if no `aviary` uses it; otherwise through the API at `--api`, on this machine or in AWS.
    Forget {
        #[command(flatten)]
        what: ForgetWhat,
        /// The keyword once more, or `everything`: what is forgotten cannot be brought back.
        #[arg(long)]
        confirm: String,
        /// Forgets the counts too.
        #[arg(long)]
        counts: bool,
        /// The URL of an API, as in https://abc.execute-api.us-east-1.amazonaws.com. The environment variable `AVIARY_API_KEY` holds its key.
        #[arg(long, value_name = "URL")]
        api: Option<String>,
    },
}

/// What is forgotten.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ForgetWhat {
    /// The posts of this keyword.
    #[arg(long = "keyword", value_name = "KEYWORD", allow_hyphen_values = true, id = "forgotten")]
    pub(crate) keyword: Option<String>,
    /// Everything, of every keyword.
    #[arg(long)]
    pub(crate) all: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000".to_owned()),
    }
}

/// A keyword. One that only excludes is refused: X does not accept it as a rule, or it is an option in the wrong place.
/// <https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule>
fn keyword(text: &str) -> Result<Keyword, String> {
    if !text.is_empty() && text.split_whitespace().all(|term| term.starts_with('-')) {
        return Err(
            "X does not accept a rule that only excludes: add what to collect, as in --keyword 'rust -crab'"
                .to_owned(),
        );
    }
    text.parse().map_err(|error: posts::keyword::InvalidKeyword| error.to_string())
}

/// The base URL of a server.
fn server(text: &str) -> Result<String, String> {
    let wrong = |reason: &str| format!("{reason}; write the server's address as in https://mastodon.example");
    let url = reqwest::Url::parse(text).map_err(|_| wrong("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&format!("its scheme must be http or https, not {}", url.scheme())));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("no path, query or fragment may follow the host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must not contain a user name or password"));
    }
    Ok(text.to_owned())
}

/// The bearer token for X in `variable`, the value of `X_BEARER_TOKEN`; `None` if it is not set.
pub(crate) fn bearer_token(variable: Option<String>) -> anyhow::Result<Option<String>> {
    let Some(token) = variable else { return Ok(None) };
    let token = token.trim();
    if token.is_empty() {
        anyhow::bail!(
            "X_BEARER_TOKEN is set but blank: set it to your bearer token for X, or unset it for made-up posts"
        );
    }
    Ok(Some(token.to_owned()))
}

/// The log filter in `variable`, the value of `RUST_LOG`; warnings by default. Unless it mentions dynoxide, only
/// dynoxide's errors are logged: it warns of each condition that does not hold, which is part of normal operation.
pub(crate) fn log_filter(variable: Option<&str>) -> EnvFilter {
    let directives = variable.filter(|text| !text.trim().is_empty()).unwrap_or("warn");
    let Ok(requested) = EnvFilter::try_new(directives) else { return EnvFilter::new("warn,dynoxide=error") };
    if directives.contains("dynoxide") || requested.max_level_hint() == Some(LevelFilter::OFF) {
        return requested;
    }
    EnvFilter::new(format!("{directives},dynoxide=error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn a_blank_token_is_an_error() {
        assert_eq!(bearer_token(None).unwrap(), None);
        assert_eq!(bearer_token(Some(" token\n".to_owned())).unwrap().as_deref(), Some("token"));
        for blank in ["", " ", "\n"] {
            let error = bearer_token(Some(blank.to_owned())).unwrap_err().to_string();
            assert!(error.starts_with("X_BEARER_TOKEN is set but blank"), "{error}");
        }
    }

    #[test]
    fn a_server_is_an_http_address_without_path_or_password() {
        for valid in ["https://mastodon.example", "http://127.0.0.1:9/", "https://mastodon.example:8443"] {
            assert_eq!(server(valid).as_deref(), Ok(valid));
        }
        for (wrong, reason) in [
            ("ftp://mastodon.example", "its scheme must be http or https, not ftp"),
            ("mastodon.example", "not a URL"),
            ("https://", "not a URL"),
            ("https://mastodon.example/@user", "no path, query or fragment may follow"),
            ("https://me:secret@mastodon.example", "must not contain a user name or password"),
        ] {
            let error = server(wrong).unwrap_err();
            assert!(error.contains(reason) && error.ends_with("https://mastodon.example"), "{error}");
            assert!(!error.contains("secret"));
        }
    }

    #[test]
    fn a_keyword_may_begin_with_an_exclusion_but_not_only_exclude() {
        let parsed =
            |text: &str| Arguments::try_parse_from(["aviary", "--keyword", text]).map(|read| read.keywords);
        assert_eq!(parsed("-crab rust").unwrap(), ["-crab rust".parse().unwrap()]);
        for wrong in ["-rust", "-rust -crab", "--port"] {
            let error = parsed(wrong).unwrap_err().to_string();
            assert!(error.contains("--keyword 'rust -crab'"), "{error}");
        }
    }

    #[test]
    fn warnings_of_dynoxide_are_logged_only_on_request() {
        for (variable, expected) in [
            (None, "dynoxide=error,warn"),
            (Some(""), "dynoxide=error,warn"),
            (Some("info"), "dynoxide=error,info"),
            (Some("debug,dynoxide=warn"), "dynoxide=warn,debug"),
            (Some("off"), "off"),
            (Some("a=b=c"), "dynoxide=error,warn"),
        ] {
            assert_eq!(log_filter(variable).to_string(), expected, "{variable:?}");
        }
    }
}
