//! The command line and the environment of `aviary`, read.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use local::keys::KeyCommand;
use posts::Keyword;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Collects posts from X's filtered stream by keyword, and lets you browse and count them; all on
/// this machine. Without `X_BEARER_TOKEN` in the environment the posts are made up.
#[derive(Parser)]
#[command(name = "aviary", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Subcommand>,
    /// The folder that keeps everything.
    #[arg(long, default_value = "./data", global = true)]
    pub(crate) data: PathBuf,
    /// The api's port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// The address on which the api listens. On any but a loopback address it takes an api key.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// The api takes a key on a loopback address too.
    #[arg(long)]
    pub(crate) require_key: bool,
    /// Starts no streamer: one in another process, as in a container, finds the AWS-shaped endpoint at this port.
    #[arg(long, value_name = "PORT")]
    pub(crate) streamer_elsewhere: Option<u16>,
    /// Made-up or recorded posts a second.
    #[arg(long, default_value_t = 10.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Plays the posts of this file, a JSON object a line, instead of made-up ones or those of X. Each time it is played,
    /// its posts are new ones.
    #[arg(long)]
    pub(crate) recording: Option<PathBuf>,
    /// Reads this Mastodon server, as in https://mastodon.example, instead of X: hashtags, or words in
    /// the public posts that it knows.
    #[arg(long, conflicts_with = "recording", value_parser = server)]
    pub(crate) mastodon: Option<String>,
    /// A keyword to collect from the start; may be given several times.
    #[arg(long = "keyword", value_name = "KEYWORD", allow_hyphen_values = true, value_parser = keyword)]
    pub(crate) keywords: Vec<Keyword>,
    /// Posts that may be read in a day (UTC); made-up ones have no limit unless you set it.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) daily_post_budget: Option<u64>,
}

#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Makes, lists and revokes api keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
        /// Keeps them in this SSM parameter of your AWS account, instead of the data folder.
        #[arg(long, global = true)]
        parameter: Option<String>,
    },
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000".to_owned()),
    }
}

/// A keyword; one of nothing but exclusions is a rule that X refuses, or an option that was to follow.
/// <https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule>
fn keyword(text: &str) -> Result<Keyword, String> {
    if !text.is_empty() && text.split_whitespace().all(|term| term.starts_with('-')) {
        return Err(
            "X takes no rule that only excludes: say what to collect as well, as in --keyword 'rust -crab'"
                .to_owned(),
        );
    }
    text.parse().map_err(|error: posts::keyword::InvalidKeyword| error.to_string())
}

/// The address of a server.
fn server(text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("{why}; write the server's address as in https://mastodon.example");
    let url = reqwest::Url::parse(text).map_err(|_| wrong("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&format!("its scheme must be http or https, not {}", url.scheme())));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("nothing may follow the server's name"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must hold no user name and no password"));
    }
    Ok(text.to_owned())
}

/// X's bearer token, as `X_BEARER_TOKEN` has it; none where that is not set.
pub(crate) fn bearer_token(variable: Option<String>) -> anyhow::Result<Option<String>> {
    let Some(token) = variable else { return Ok(None) };
    let token = token.trim();
    if token.is_empty() {
        anyhow::bail!(
            "X_BEARER_TOKEN is set but blank: set it to your bearer token of X, or unset it for made-up posts"
        );
    }
    Ok(Some(token.to_owned()))
}

/// What is logged, as `RUST_LOG` says. Of dynoxide only errors unless it says otherwise: a condition that does not hold,
/// which is everyday, is a warning to it.
pub(crate) fn logged(variable: Option<&str>) -> EnvFilter {
    let directives = variable.filter(|text| !text.trim().is_empty()).unwrap_or("warn");
    let Ok(asked) = EnvFilter::try_new(directives) else { return EnvFilter::new("warn,dynoxide=error") };
    if directives.contains("dynoxide") || asked.max_level_hint() == Some(LevelFilter::OFF) {
        return asked;
    }
    EnvFilter::new(format!("{directives},dynoxide=error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_made() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn a_blank_token_is_not_taken_for_none() {
        assert_eq!(bearer_token(None).unwrap(), None);
        assert_eq!(bearer_token(Some(" token\n".to_owned())).unwrap().as_deref(), Some("token"));
        for blank in ["", " ", "\n"] {
            let error = bearer_token(Some(blank.to_owned())).unwrap_err().to_string();
            assert!(error.starts_with("X_BEARER_TOKEN is set but blank"), "{error}");
        }
    }

    #[test]
    fn a_server_is_one_of_the_web() {
        for right in ["https://mastodon.example", "http://127.0.0.1:9/", "https://mastodon.example:8443"] {
            assert_eq!(server(right).as_deref(), Ok(right));
        }
        for (wrong, why) in [
            ("ftp://mastodon.example", "its scheme must be http or https, not ftp"),
            ("mastodon.example", "not a URL"),
            ("https://", "not a URL"),
            ("https://mastodon.example/@user", "nothing may follow"),
            ("https://me:secret@mastodon.example", "no user name and no password"),
        ] {
            let error = server(wrong).unwrap_err();
            assert!(error.contains(why) && error.ends_with("https://mastodon.example"), "{error}");
            assert!(!error.contains("secret"));
        }
    }

    #[test]
    fn a_keyword_may_begin_with_an_exclusion_and_not_be_nothing_else() {
        let parsed =
            |text: &str| Arguments::try_parse_from(["aviary", "--keyword", text]).map(|read| read.keywords);
        assert_eq!(parsed("-crab rust").unwrap(), ["-crab rust".parse().unwrap()]);
        for wrong in ["-rust", "-rust -crab", "--port"] {
            let error = parsed(wrong).unwrap_err().to_string();
            assert!(error.contains("--keyword 'rust -crab'"), "{error}");
        }
    }

    #[test]
    fn only_who_asks_for_them_sees_warnings_of_dynoxide() {
        for (variable, expected) in [
            (None, "dynoxide=error,warn"),
            (Some(""), "dynoxide=error,warn"),
            (Some("info"), "dynoxide=error,info"),
            (Some("debug,dynoxide=warn"), "dynoxide=warn,debug"),
            (Some("off"), "off"),
            (Some("a=b=c"), "dynoxide=error,warn"),
        ] {
            assert_eq!(logged(variable).to_string(), expected, "{variable:?}");
        }
    }
}
