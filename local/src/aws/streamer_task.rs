//! The streamer, as a task of ECS's that runs in this process.

use aws_config::SdkConfig;
use service::own_metrics::EmbeddedMetrics;
use streamer::Config;
use tokio_util::sync::CancellationToken;

/// A task definition of ECS's: what each of its tasks runs.
#[derive(Clone)]
pub(crate) struct StreamerTask {
    pub(crate) config: Config,
    pub(crate) aws: SdkConfig,
}

impl StreamerTask {
    /// Runs the task of this ARN until `shutdown` or its own end; returns its exit code.
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
