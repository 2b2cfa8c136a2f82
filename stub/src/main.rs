//! `stub`: X's filtered stream on one machine.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use stub::{Account, Dialect, Options, Source};
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
    /// An Enterprise account: two connections, backfill and recovery.
    #[arg(long)]
    enterprise: bool,
    /// The credits that may be spent, in dollars, such as 12.50; without end if this is absent.
    #[arg(long, value_parser = micro_dollars)]
    credits: Option<u64>,
    /// The most posts that may be read in a calendar month.
    #[arg(long, default_value_t = 3_000_000)]
    monthly_cap: u64,
    /// The words that search takes and uses: of X's description before July 2026, the present one, either, or the other one
    /// than was used.
    #[arg(long, default_value = "posts", value_parser = dialect)]
    dialect: Dialect,
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
        rate: arguments.rate,
        keep_alive: Duration::from_secs(arguments.keep_alive),
        search_delay: Duration::from_secs(arguments.search_delay),
        account: if arguments.enterprise { Account::Enterprise } else { Account::PayPerUse },
        dialect: arguments.dialect,
        credits: arguments.credits,
        monthly_cap: arguments.monthly_cap,
        ..Options::new(source)
    };
    stub::serve(listener, options, shutdown).await.context("failed to serve")
}

fn dialect(text: &str) -> Result<Dialect, String> {
    match text {
        "tweets" => Ok(Dialect::Tweets),
        "posts" => Ok(Dialect::Posts),
        "both" => Ok(Dialect::Both),
        "crossed" => Ok(Dialect::Crossed),
        _ => Err("a dialect is tweets, posts, both or crossed".to_owned()),
    }
}

/// An amount of dollars, in millionths.
fn micro_dollars(text: &str) -> Result<u64, String> {
    const DIGITS: usize = 6;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part:0<DIGITS$}");
    match digits.parse() {
        Ok(_) if whole.len() + part.len() == 0 => Err("an amount has digits".to_owned()),
        Ok(amount) if part.len() <= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(amount),
        _ => Err("an amount is a number of dollars such as 5 or 0.005".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_to_the_millionth() {
        for (text, amount) in
            [("5", 5_000_000), ("0.005", 5_000), ("12.50", 12_500_000), ("0", 0), (".000001", 1)]
        {
            assert_eq!(micro_dollars(text), Ok(amount), "{text}");
        }
        for text in ["", ".", "-1", "1.0000001", "1.-5", "one", "99999999999999999"] {
            assert!(micro_dollars(text).is_err(), "{text}");
        }
    }
}
