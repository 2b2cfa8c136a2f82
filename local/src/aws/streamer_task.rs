//! The streamer as an ECS task that runs in this process.

use aws_config::SdkConfig;
use service::own_metrics::EmbeddedMetrics;
use streamer::Config;
use tokio_util::sync::CancellationToken;

/// An ECS task definition: what each of its tasks runs.
#[derive(Clone)]
pub(crate) struct StreamerTask {
    pub(crate) config: Config,
    pub(crate) aws: SdkConfig,
}

impl StreamerTask {
    /// Runs the task `arn` until `shutdown` or until it ends by itself; returns its exit code.
    pub(super) async fn run(self, arn: String, shutdown: CancellationToken) -> i32 {
        let config = Config { owner: arn, ..self.config };
        match streamer::run(config, &self.aws, EmbeddedMetrics::nowhere(), shutdown).await {
            Ok(ended) => {
                tracing::info!(?ended, "the streamer ended");
                0
            }
            Err(error) => {
                tracing::error!(%error, "the streamer failed");
                1
            }
        }
    }
}
