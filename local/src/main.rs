//! `aviary`: the whole pipeline on one machine.
#![expect(clippy::print_stdout, reason = "it tells a person where things are")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use local::keys::{self, KeyCommand, KeyStore};
use local::{Machine, Options, Stream};
use posts::Keyword;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A third of the pipeline's time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Collects posts from X's filtered stream by keyword, and lets you browse and count them; all on
/// this machine. Without `X_BEARER_TOKEN` in the environment the posts are made up.
#[derive(Parser)]
#[command(name = "aviary", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Subcommand>,
    /// The folder that keeps everything.
    #[arg(long, default_value = "./data", global = true)]
    data: PathBuf,
    /// The api's port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address on which the api listens. On any but a loopback address it takes an api key.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// The api takes a key on a loopback address too.
    #[arg(long)]
    require_key: bool,
    /// Starts no streamer: one in another process, as in a container, finds the AWS-shaped endpoint at this port.
    #[arg(long, value_name = "PORT")]
    streamer_elsewhere: Option<u16>,
    /// Made-up or recorded posts a second.
    #[arg(long, default_value_t = 10.0, value_parser = rate)]
    rate: f64,
    /// Plays the posts of this file, a JSON object a line, instead of made-up ones.
    #[arg(long)]
    recording: Option<PathBuf>,
    /// Reads this Mastodon server, as in https://mastodon.example, instead of X: hashtags, or words in
    /// the public posts that it knows.
    #[arg(long, conflicts_with = "recording")]
    mastodon: Option<String>,
    /// A keyword to collect from the start; may be given several times.
    #[arg(long = "keyword")]
    keywords: Vec<Keyword>,
    /// Posts that may be read in a day (UTC); made-up ones have no limit unless you set it.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    daily_post_budget: Option<u64>,
}

#[derive(clap::Subcommand)]
enum Subcommand {
    /// Makes, lists and revokes api keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
        /// Keeps them in this SSM parameter of your AWS account, instead of the data folder.
        #[arg(long, global = true)]
        parameter: Option<String>,
    },
}

/// Posts a day if nothing else is asked for, where each one costs $0.005.
const BUDGET_AT_X: u64 = 10_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
    if let Some(Subcommand::Key { command, parameter }) = arguments.command {
        let store = parameter.map_or_else(|| KeyStore::Folder(arguments.data), KeyStore::Parameter);
        return keys::run(command, &store).await;
    }
    let token = std::env::var("X_BEARER_TOKEN").ok().filter(|token| !token.is_empty());
    let from_x = token.is_some() && arguments.mastodon.is_none();
    let stream = match (arguments.mastodon.clone(), token) {
        (Some(url), _) => Stream::Mastodon { url },
        (None, Some(token)) => {
            let url = std::env::var("X_API_URL").unwrap_or_else(|_| "https://api.x.com".to_owned());
            Stream::Elsewhere { url, token, backfill_minutes: 0 }
        }
        (None, None) => Stream::Stub(stub::Options {
            token: "stub-token".to_owned(),
            source: match &arguments.recording {
                Some(path) => stub::Source::Recording { posts: stub::recording::read(path)?, keep: false },
                None => stub::Source::Generator { seed: 1 },
            },
            rate: arguments.rate,
            keep_alive: Duration::from_secs(10),
            search_delay: Duration::from_secs(30),
            backfill: false,
        }),
    };
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let options = Options {
        data: arguments.data,
        listen: SocketAddr::new(arguments.address, arguments.port),
        require_key: arguments.require_key,
        streamer_elsewhere: arguments.streamer_elsewhere,
        stream,
        keywords: arguments.keywords,
        daily_post_budget: arguments.daily_post_budget.or(from_x.then_some(BUDGET_AT_X)),
    };
    let machine = Machine::start(options).await?;
    let posts = match machine.stub {
        Some(stub) => format!("made up, or recorded, by http://{stub}"),
        None if from_x => "from X: each one read costs you money".to_owned(),
        None => format!("from {}", arguments.mastodon.as_deref().unwrap_or_default()),
    };
    introduce(&machine, &posts);
    machine
        .run(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        })
        .await
}

/// Tells where things are, and what to try.
fn introduce(machine: &Machine, posts: &str) {
    let mut api = machine.api;
    println!("aviary listens on http://{api}");
    println!("  AWS-shaped endpoint  http://{}  (region us-east-1, any credentials)", machine.aws);
    println!("  posts                {posts}");
    if api.ip().is_unspecified() {
        api.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    println!("  its description      http://{api}/docs/");
    let key = if machine.takes_key { " -H 'authorization: Bearer KEY'" } else { "" };
    println!();
    println!("Try, in another terminal:");
    println!(
        "  curl{key} -X POST http://{api}/stream -H 'content-type: application/json' -d '{{\"keyword\":\"rust\"}}'"
    );
    println!("  curl{key} 'http://{api}/tweets?keyword=rust&limit=3'");
    println!("  curl{key} 'http://{api}/tweetsStatistics?keyword=rust'");
    println!("  curl{key} -X DELETE 'http://{api}/stream'");
    println!("Ctrl-C ends it; what was collected stays.");
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000".to_owned()),
    }
}
