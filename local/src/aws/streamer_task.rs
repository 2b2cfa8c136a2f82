//! The streamer as an ECS task that runs in this process.

use aws_config::SdkConfig;
use serde_json::Value;
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
    /// What a task runs whose container is given variables of its own: those that say what it requests when it starts. What is wrong in them is as
    /// if it were not there; in ECS, the task would end with an error.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html>
    pub(super) fn with_overrides(&self, overrides: &Value) -> Self {
        let given = overrides["containerOverrides"].as_array().into_iter().flatten();
        let given = given.flat_map(|container| container["environment"].as_array().into_iter().flatten());
        let mut overridden = self.clone();
        for variable in given {
            let value = variable["value"].as_str().unwrap_or_default();
            match variable["name"].as_str() {
                Some("KEYWORD") => overridden.config.keyword = value.parse().ok(),
                Some("SINCE") => overridden.config.since = value.parse().ok(),
                _ => {}
            }
        }
        overridden
    }

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
