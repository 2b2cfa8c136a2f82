//! Making the running task match what is desired.

use aws_sdk_ecs::types::{AwsVpcConfiguration, DesiredStatus, LaunchType, NetworkConfiguration};
use posts::{TableError, UtcTime};

use crate::Api;

/// What reconciling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// Everything is as desired.
    Unchanged,
    /// A task has been started.
    Started,
    /// A task that nobody wants any more has been told to look, and will end.
    ToldToEnd,
}

/// Why reconciling failed. It is safe to try again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The status table could not be read.
    #[error(transparent)]
    Status(#[from] TableError),
    /// ECS refused, or could not be reached.
    #[error("failed to ask ECS: {}", aws_sdk_ecs::error::DisplayErrorContext(.0))]
    Ecs(#[from] aws_sdk_ecs::Error),
    /// ECS did not start the task.
    #[error("ECS did not start the streamer: {0}")]
    NotStarted(String),
    /// The close queue could not be reached.
    #[error("failed to tell the streamer to end: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    CloseQueue(#[from] aws_sdk_sqs::Error),
}

/// Compares what is desired with the tasks that run, and starts one or tells it to end. It depends on
/// nothing but the present state, so it may run at any time, twice, and late.
///
/// # Errors
/// [`ReconcileError`]; nothing is half done.
pub async fn reconcile(api: &Api) -> Result<Reconciled, ReconcileError> {
    let keywords = api.status.keywords().await?;
    // Before the tasks: a holder that is not among those that run later has ended.
    let holder = api.status.lease_holder().await?;
    let tasks = running_tasks(api).await?;
    if keywords.is_empty() && !tasks.is_empty() {
        api.close_queue.wake().await?;
        return Ok(Reconciled::ToldToEnd);
    }
    if keywords.is_empty() || !tasks.is_empty() {
        return Ok(Reconciled::Unchanged);
    }
    let now = UtcTime::now();
    let mut epoch = 0;
    if let Some(holder) = holder {
        epoch = holder.lease.epoch;
        // A task that has died cannot give its lease back. A reader outside of ECS is left alone.
        if holder.lease.owner.starts_with("arn:aws:ecs:") {
            api.status.release_lease(&holder.lease).await?;
        }
    }
    // Two that reconcile at once start one task; a task that died at birth is started again after a
    // minute.
    let token = format!("{}-{epoch}-{}", api.config.stream_id, now.as_millis() / 60_000);
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(api.config.subnets.clone()))
        .set_security_groups(Some(api.config.security_groups.clone()))
        .assign_public_ip(aws_sdk_ecs::types::AssignPublicIp::Enabled)
        .build()
        .map_err(aws_sdk_ecs::Error::from)?;
    let answer = api
        .ecs
        .run_task()
        .cluster(&api.config.cluster)
        .task_definition(&api.config.task_definition)
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build())
        .started_by("aviary")
        .client_token(token)
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from)?;
    match answer.failures().first() {
        Some(failure) => {
            Err(ReconcileError::NotStarted(failure.reason().unwrap_or("no reason given").to_owned()))
        }
        None => Ok(Reconciled::Started),
    }
}

async fn running_tasks(api: &Api) -> Result<Vec<String>, ReconcileError> {
    let answer = api
        .ecs
        .list_tasks()
        .cluster(&api.config.cluster)
        .family(&api.config.task_definition)
        .desired_status(DesiredStatus::Running)
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from)?;
    Ok(answer.task_arns.unwrap_or_default())
}
