//! The source that a machine's streamer reads: the stub, started here; X; or a Mastodon server.

use std::net::SocketAddr;

use anyhow::Context;
use streamer::SourceConfig;

use crate::aws::resources::TOKEN_PARAMETER;
use crate::listeners::{listen, loopback};
use crate::options::Stream;
use crate::running::Running;

/// A source that is ready to be read.
pub(crate) struct Source {
    pub(crate) config: SourceConfig,
    /// The bearer token, which the streamer reads from its SSM parameter.
    pub(crate) token: String,
    /// The address that the stub listens on, if this machine runs it.
    pub(crate) stub: Option<SocketAddr>,
}

impl Source {
    /// Prepares the source `stream`; starts the stub if it is the source.
    ///
    /// # Errors
    /// No port is free for the stub.
    pub(crate) async fn start(
        stream: Stream,
        honour_opt_out: bool,
        running: &mut Running,
    ) -> anyhow::Result<Self> {
        Ok(match stream {
            Stream::Stub(options) => {
                let listener = listen(loopback(0), "--port").await?;
                let (stub, token) = (listener.local_addr()?, options.token.clone());
                let shutdown = running.shutdown.clone();
                running.spawn(async move {
                    stub::serve(listener, options, shutdown).await.context("the stub failed")
                });
                Self { config: x(format!("http://{stub}"), 0), token, stub: Some(stub) }
            }
            Stream::Elsewhere { url, token, backfill_minutes } => {
                Self { config: x(url, backfill_minutes), token, stub: None }
            }
            Stream::Mastodon { url } => {
                let config = SourceConfig::Mastodon { url, token_parameter: None, honour_opt_out };
                Self { config, token: String::new(), stub: None }
            }
        })
    }

    /// X's base URL, if posts come from X.
    pub(crate) fn x_url(&self) -> Option<String> {
        match &self.config {
            SourceConfig::X { url, .. } => Some(url.clone()),
            SourceConfig::Mastodon { .. } => None,
        }
    }
}

fn x(url: String, backfill_minutes: u32) -> SourceConfig {
    SourceConfig::X {
        url,
        token_parameter: TOKEN_PARAMETER.to_owned(),
        backfill_minutes,
        archive_search: true,
    }
}
