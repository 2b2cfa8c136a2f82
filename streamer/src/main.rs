//! `streamer`: the long-running task on ECS. It exits with 0 if it was told to end, otherwise with 1.

use anyhow::Context;
use service::own_metrics::EmbeddedMetrics;
use streamer::{Config, run};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

// A post is many small allocations: docs/BENCHMARKS.md.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

// A task has a quarter of a core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    service::logs::init_for_ecs();
    let variable = |name: &str| std::env::var(name).ok();
    let owner = owner(variable("ECS_CONTAINER_METADATA_URI_V4")).await?;
    let config = Config::from_variables(variable, owner)?;
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let on_signal = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        on_signal.cancel();
    });
    let aws = service::aws::from_env().await;
    let own_metrics = EmbeddedMetrics::new(std::io::stdout(), &config.namespace);
    let ended = run(config, &aws, own_metrics, shutdown).await.context("the streamer failed")?;
    tracing::info!(?ended, "the streamer ended");
    Ok(())
}

/// The name under which the lease is held: on ECS the task's ARN, from the task's metadata
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html>); elsewhere the process.
async fn owner(metadata: Option<String>) -> anyhow::Result<String> {
    let Some(metadata) = metadata else {
        return Ok(format!("process-{}-{:016x}", std::process::id(), fastrand::u64(..)));
    };
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Task {
        #[serde(rename = "TaskARN")]
        task_arn: String,
    }
    service::aws::install_tls();
    let client = reqwest::Client::builder().no_proxy().build().context("failed to make a client")?;
    let task: Task = async { client.get(format!("{metadata}/task")).send().await?.json().await }
        .await
        .context("failed to read the task's metadata")?;
    Ok(task.task_arn)
}
