//! The background tasks of a machine, except the streamer's. A part that ends by itself is noticed.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The running parts. Dropping this aborts them.
#[derive(Debug, Default)]
pub(crate) struct Running {
    parts: JoinSet<anyhow::Result<()>>,
    /// Cancelled when the machine stops, for parts that first finish their work.
    pub(crate) shutdown: CancellationToken,
}

impl Running {
    pub(crate) fn spawn(&mut self, part: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.parts.spawn(part);
    }

    /// Waits until a part ends, which none should do by itself; returns the reason.
    pub(crate) async fn any_end(&mut self) -> anyhow::Error {
        match self.parts.join_next().await {
            Some(Ok(Ok(()))) | None => anyhow::anyhow!("a part of the machine ended by itself"),
            Some(Ok(Err(error))) => error,
            Some(Err(error)) => anyhow::Error::new(error).context("a part of the machine crashed"),
        }
    }

    /// Stops every part.
    pub(crate) async fn end(mut self) {
        self.shutdown.cancel();
        self.parts.shutdown().await;
    }
}
