//! `aviary`: the whole pipeline on one machine.
#![expect(clippy::print_stderr, reason = "messages for the person at the terminal")]

mod arguments;

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use clap::Parser;
use local::forget::ForgetOrder;
use local::keys::{self, KeyStore};
use local::{Machine, NoApiKey, Options, Screen, Stream, recording_is_played, terminal};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Arguments, Subcommand, bearer_token, log_filter};

/// With the system allocator, a third of the pipeline's time went into allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The default budget of posts per day for X, where each one costs $0.005.
const BUDGET_AT_X: u64 = 10_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let variable = |name: &str| std::env::var(name).ok();
    let colours = variable("NO_COLOR").is_none_or(|value| value.is_empty());
    let screen = Screen::new(variable("TERM").as_deref(), colours);
    let logs = tracing_subscriber::fmt().with_env_filter(log_filter(variable("RUST_LOG").as_deref()));
    logs.with_ansi(colours && std::io::stderr().is_terminal()).with_writer(screen.logs()).init();
    match arguments.command {
        Some(Subcommand::Key { command, parameter }) => {
            let store = parameter.map_or_else(|| KeyStore::Folder(arguments.data), KeyStore::Parameter);
            return keys::run(command, &store).await;
        }
        Some(Subcommand::Forget { what, confirm, counts, api }) => {
            let order = ForgetOrder { keyword: what.keyword, confirm, counts };
            let key = variable("AVIARY_API_KEY").filter(|key| !key.is_empty());
            return match api {
                Some(url) => order.through(&url, key.as_deref()).await,
                None => order.in_folder(&arguments.data).await,
            };
        }
        None => {}
    }
    let made_up = |source| Stream::Stub(stub::Options { rate: arguments.rate, ..stub::Options::new(source) });
    let stream = match (arguments.mastodon.clone(), &arguments.recording) {
        (Some(url), _) => Stream::Mastodon { url },
        (None, Some(path)) => {
            made_up(stub::Source::Recording { posts: stub::recording::read(path)?, keep: false })
        }
        (None, None) => match bearer_token(variable("X_BEARER_TOKEN"))? {
            Some(token) => {
                let url = variable("X_API_URL").unwrap_or_else(|| x::BASE_URL.to_owned());
                Stream::Elsewhere { url, token, backfill_minutes: 0 }
            }
            None => made_up(stub::Source::Generator { seed: 1 }),
        },
    };
    let from_x = matches!(stream, Stream::Elsewhere { .. });
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for Ctrl-C")?;
    let options = Options {
        listen: SocketAddr::new(arguments.address, arguments.port),
        require_key: arguments.require_key,
        streamer_elsewhere: arguments.streamer_elsewhere,
        keywords: arguments.keywords,
        monthly_post_budget: arguments.monthly_post_budget,
        charged_for_users: arguments.charged_for_users,
        honour_opt_out: !arguments.ignore_opt_out,
        keep_raw: !arguments.without_raw,
        daily_post_budget: arguments.daily_post_budget.or(from_x.then_some(BUDGET_AT_X)),
        ..Options::new(&arguments.data, stream)
    };
    let machine = match Machine::start(options).await {
        Err(error) if error.is::<NoApiKey>() => {
            anyhow::bail!("{error}: create one with `{}`", key_command(&arguments.data))
        }
        started => started?,
    };
    if arguments.recording.is_some() && recording_is_played(&arguments.data)? {
        eprintln!(
            "aviary: a recording was played into {} before; the posts are stored and counted again as new ones",
            arguments.data.display()
        );
    }
    let posts = match machine.stub {
        Some(stub) if arguments.recording.is_some() => format!("recorded, played by http://{stub}"),
        Some(stub) => format!("made up by http://{stub}"),
        None if from_x => "from X, which charges for each post that is read".to_owned(),
        None => format!("from {}", arguments.mastodon.as_deref().unwrap_or_default()),
    };
    terminal::print(&introduction(&machine, &posts)).context("failed to print the addresses")?;
    let life = machine.life(screen);
    machine
        .run(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                never = life.keep() => match never {},
            }
        })
        .await
}

/// A shell command that creates the first API key in this folder.
fn key_command(data: &Path) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "aviary".to_owned());
    let words =
        [program.as_str(), "key", "add", "me", "--scope", "control", "--data", &data.to_string_lossy()];
    words.map(quoted).join(" ")
}

/// A word, quoted for a shell if it needs to be.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The addresses, and commands to try.
fn introduction(machine: &Machine, posts: &str) -> String {
    let mut api = machine.api;
    let mut text = format!("aviary listens on http://{api}\n");
    // Writing to a String cannot fail.
    let mut line = |line: &str| {
        let _ = writeln!(text, "{line}");
    };
    line(&format!("  AWS-compatible endpoint  {}  (region us-east-1, any credentials)", machine.aws.url));
    line(&format!("  posts                    {posts}"));
    if api.ip().is_unspecified() {
        api.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    line(&format!("  page for your browser    http://{api}/"));
    line(&format!("  API documentation        http://{api}/docs/"));
    let key = if machine.requires_key { " -H 'authorization: Bearer KEY'" } else { "" };
    line("");
    line("Try, in another terminal:");
    line(&format!(
        "  curl{key} -X POST http://{api}/stream -H 'content-type: application/json' -d '{{\"keyword\":\"rust\"}}'"
    ));
    line(&format!("  curl{key} 'http://{api}/tweets?keyword=rust&limit=3'"));
    line(&format!("  curl{key} 'http://{api}/tweetsStatistics?keyword=rust'"));
    line(&format!("  curl{key} -X DELETE 'http://{api}/stream'"));
    line("Ctrl-C stops it; what was collected is kept.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("./data"), "./data");
        assert_eq!(quoted("my data"), "'my data'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
