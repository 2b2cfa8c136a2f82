//! `stub`: X's filtered stream on one machine.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use stub::{Options, Source};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Speaks X's filtered stream protocol with made-up or recorded posts, and misbehaves on request.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The token that clients must send.
    #[arg(long, default_value = "stub-token")]
    token: String,
    /// Posts per second.
    #[arg(long, default_value_t = 10.0, value_parser = rate)]
    rate: f64,
    /// The seed of the made-up posts: another seed makes other posts.
    #[arg(long, default_value_t = 1, conflicts_with = "recording")]
    seed: u64,
    /// A file of recorded posts, one JSON object a line, which is played once, from the first connection on.
    #[arg(long)]
    recording: Option<PathBuf>,
    /// Keeps the recorded ids and times instead of stamping them anew.
    #[arg(long, requires = "recording")]
    keep: bool,
    /// Seconds between the keep-alives of an idle stream.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    keep_alive: u64,
    /// Seconds after which search finds a post.
    #[arg(long, default_value_t = 30)]
    search_delay: u64,
    /// Accepts `backfill_minutes`, as for Enterprise accounts.
    #[arg(long)]
    backfill: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let source = match &arguments.recording {
        Some(path) => Source::Recording { posts: stub::recording::read(path)?, keep: arguments.keep },
        None => Source::Generator { seed: arguments.seed },
    };
    let address = (arguments.host.as_str(), arguments.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("failed to listen on {}:{}", address.0, address.1))?;
    tracing::info!(address = %listener.local_addr()?, "the stub is listening");
    let shutdown = CancellationToken::new();
    let on_signal = shutdown.clone();
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        on_signal.cancel();
    });
    let options = Options {
        token: arguments.token,
        source,
        rate: arguments.rate,
        keep_alive: Duration::from_secs(arguments.keep_alive),
        search_delay: Duration::from_secs(arguments.search_delay),
        backfill: arguments.backfill,
    };
    stub::serve(listener, options, shutdown).await.context("failed to serve")
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000".to_owned()),
    }
}
