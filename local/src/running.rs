//! Everything that runs on a machine beside the streamer's tasks; whichever part ends is noticed.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The running parts. Dropping it ends them all.
#[derive(Debug, Default)]
pub(crate) struct Running {
    parts: JoinSet<anyhow::Result<()>>,
    /// Cancelled when the machine ends, for parts that finish their work first.
    pub(crate) shutdown: CancellationToken,
}

impl Running {
    pub(crate) fn spawn(&mut self, part: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.parts.spawn(part);
    }

    /// Waits until a part ends, which none should do by itself; returns why.
    pub(crate) async fn any_end(&mut self) -> anyhow::Error {
        match self.parts.join_next().await {
            Some(Ok(Ok(()))) | None => anyhow::anyhow!("a part of the machine ended by itself"),
            Some(Ok(Err(error))) => error,
            Some(Err(error)) => anyhow::Error::new(error).context("a part of the machine crashed"),
        }
    }

    /// Ends every part.
    pub(crate) async fn end(mut self) {
        self.shutdown.cancel();
        self.parts.shutdown().await;
    }
}
