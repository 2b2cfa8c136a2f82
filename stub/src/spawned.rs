//! A stub in the background, for tests and benchmarks.

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::options::Options;
use crate::server::serve;

/// A stub that runs in the background, and ends when this is dropped.
#[derive(Debug)]
pub struct Spawned {
    /// Its base URL.
    pub url: String,
    _running: DropGuard,
}

/// Starts a stub on a free loopback port.
///
/// # Errors
/// No port is free.
pub async fn spawn(options: Options) -> std::io::Result<Spawned> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    tokio::spawn(serve(listener, options, shutdown.clone()));
    Ok(Spawned { url, _running: shutdown.drop_guard() })
}
