//! Making the running ECS task match the requested keywords.

use std::collections::BTreeSet;

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, DesiredStatus, LaunchType, NetworkConfiguration, PropagateTags,
};
use futures::future::join_all;
use service::tables::TableError;
use stream::launch::Launch;
use stream::{Saved, StreamStatusTable};
use utc_time::UtcTime;

use crate::ecs_task::{OURS, STARTED_BY, STOPPED, task, time};
use crate::plan::{Observed, Start, Step, Task, ended, plan, rollout_failed};
use crate::state::ControlApi;
use crate::streams::ControlledStream;

/// What reconciling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// There was nothing to do, or another reconciler is doing it.
    Unchanged,
    /// A task was started, stopped or woken.
    Changed,
}

/// Why reconciling failed. It is safe to run again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// StreamStatusTable could not be read or written.
    #[error(transparent)]
    Status(#[from] TableError),
    /// ECS refused a request, or could not be reached.
    #[error("failed to call ECS: {}", aws_sdk_ecs::error::DisplayErrorContext(.0))]
    Ecs(#[from] aws_sdk_ecs::Error),
    /// ECS did not start the task.
    #[error("ECS did not start the streamer: {0}")]
    NotStarted(String),
    /// The close queue could not be reached.
    #[error("failed to wake the streamer: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    CloseQueue(#[from] aws_sdk_sqs::Error),
}

/// Compares the requested keywords of each source with its running tasks, and starts, stops or wakes tasks; [`crate::plan`] decides.
///
/// It depends on the present state alone, so it may run at any time, late, or twice at once. A start is saved before it is
/// made, under a number that only one reconciler can take, and ECS starts at most one task for each number.
///
/// # Errors
/// The first [`ReconcileError`]; other sources are reconciled nevertheless. The next run does what was saved and not done.
pub async fn reconcile(api: &ControlApi) -> Result<Reconciled, ReconcileError> {
    let read = api.streams.iter().map(|each| (each, true));
    let retired = api.retired.iter().map(|each| (each, false));
    // At once: where ECS does not answer, each takes seconds, of which a request has few.
    let reconciled = join_all(read.chain(retired).map(|(stream, is_read)| async move {
        let reconciled = reconcile_stream(api, stream, is_read).await;
        if let Err(error) = &reconciled {
            tracing::error!(source = stream.stream.source.as_str(), %error, "failed to reconcile");
        }
        reconciled
    }));
    let mut changed = Reconciled::Unchanged;
    for reconciled in reconciled.await {
        if reconciled? == Reconciled::Changed {
            changed = Reconciled::Changed;
        }
    }
    Ok(changed)
}

async fn reconcile_stream(
    api: &ControlApi,
    stream: &ControlledStream,
    is_read: bool,
) -> Result<Reconciled, ReconcileError> {
    let mut reconciled = Reconciled::Unchanged;
    // A start whose task turns out to have ended long ago is followed by another immediately.
    for _ in 0..ROUNDS {
        match round(api, stream, is_read).await? {
            Round::Nothing => break,
            Round::Done => return Ok(Reconciled::Changed),
            Round::Again => reconciled = Reconciled::Changed,
        }
    }
    Ok(reconciled)
}

/// The most rounds of one run.
const ROUNDS: usize = 3;

/// The outcome of one round.
enum Round {
    /// There was nothing to do.
    Nothing,
    /// The steps were taken.
    Done,
    /// The steps were taken, and showed that more is to be done.
    Again,
}

async fn round(api: &ControlApi, stream: &ControlledStream, is_read: bool) -> Result<Round, ReconcileError> {
    let status = &stream.stream.status;
    let launch = status.launch().await?;
    // What is requested of a source that is not read any more waits until it is read again.
    let requested = is_read && status.has_keywords().await?;
    // Before the tasks: see [`Observed::holder`].
    let holder = status.lease_holder().await?;
    let successor = launch.rollout.as_ref().and_then(|rollout| rollout.task.as_deref());
    let standby = match successor {
        Some(successor) => status.standby(successor).await?,
        None => None,
    };
    let tasks = tasks(api, stream, &launch).await?;
    let newest = stream.task_definition.revision();
    let observed = Observed { requested, launch, holder, tasks, standby, newest, now: UtcTime::now() };
    let (mut launch, steps) = plan(&observed);
    if launch != observed.launch && status.save_launch(&mut launch).await? == Saved::Outdated {
        return Ok(Round::Nothing);
    }
    if steps.is_empty() {
        return Ok(Round::Nothing);
    }
    let mut round = Round::Done;
    for step in steps {
        tracing::info!(source = stream.stream.source.as_str(), ?step, "reconciling");
        match step {
            Step::Release(lease) => status.release_lease(&lease).await?,
            Step::Run(start) => round = run(api, stream, &start, &mut launch).await?,
            Step::Wake => stream.close_queue.wake().await?,
            Step::Stop(arn, why) => {
                let why = format!("{OURS}{why}");
                let request = api.ecs.stop_task().cluster(&api.config.cluster).task(arn).reason(why);
                request.send().await.map_err(aws_sdk_ecs::Error::from)?;
            }
        }
    }
    Ok(round)
}

/// Starts a task, and saves which it is.
async fn run(
    api: &ControlApi,
    stream: &ControlledStream,
    start: &Start,
    launch: &mut Launch,
) -> Result<Round, ReconcileError> {
    let status = &stream.stream.status;
    let Start { number, revision, takes_over } = start;
    let address =
        if api.config.assign_public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(api.config.subnets.clone()))
        .set_security_groups(Some(api.config.security_groups.clone()))
        .assign_public_ip(address)
        .build()
        .map_err(aws_sdk_ecs::Error::from)?;
    let answer = api
        .ecs
        .run_task()
        .cluster(&api.config.cluster)
        .task_definition(revision.as_deref().unwrap_or(stream.task_definition.as_str()))
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build())
        .started_by(STARTED_BY)
        // The tags of the stack.
        .propagate_tags(PropagateTags::TaskDefinition)
        .client_token(format!("{}-{number}", status.stream_id()))
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from);
    let answer = match answer {
        Ok(answer) => answer,
        // The number was used for a different request: one with an earlier revision of the task definition.
        Err(aws_sdk_ecs::Error::ConflictException(conflict)) => {
            return number_taken(status, *takes_over, launch, conflict.resource_ids()).await;
        }
        Err(error) if error.code().is_some_and(|code| REFUSALS.contains(&code)) => {
            let reason = [error.code(), error.message()].into_iter().flatten().collect::<Vec<_>>().join(": ");
            return not_started(status, *takes_over, launch, reason).await;
        }
        // It may have started nevertheless: the next run tries the same number again.
        Err(error) => return Err(error.into()),
    };
    let Some(task) = answer.tasks().first() else {
        let failure = answer.failures().first().and_then(|failure| failure.reason());
        return not_started(status, *takes_over, launch, failure.unwrap_or("ECS gave no reason").to_owned())
            .await;
    };
    let arn = task.task_arn().map(str::to_owned);
    match &mut launch.rollout {
        Some(rollout) if *takes_over => rollout.task = arn,
        _ => {
            launch.task = arn;
            // A start can take many tries.
            launch.at = time(task.created_at()).or(launch.at);
        }
    }
    status.save_launch(launch).await?;
    Ok(if task.last_status() == Some(STOPPED) { Round::Again } else { Round::Done })
}

/// Saves the task that the number has started already. If ECS does not say which, the next number is due immediately: this
/// one would be refused forever.
async fn number_taken(
    status: &StreamStatusTable,
    takes_over: bool,
    launch: &mut Launch,
    tasks: &[String],
) -> Result<Round, ReconcileError> {
    match (tasks.first(), &mut launch.rollout) {
        (task, Some(rollout)) if takes_over => {
            rollout.task = task.cloned();
            launch.number += u64::from(task.is_none());
        }
        (Some(task), _) => launch.task = Some(task.clone()),
        (None, _) => (launch.number, launch.at) = (launch.number + 1, Some(UtcTime::now())),
    }
    // If this is outdated, another reconciler has gone on.
    status.save_launch(launch).await?;
    Ok(Round::Again)
}

/// Saves why no task was started.
async fn not_started(
    status: &StreamStatusTable,
    takes_over: bool,
    launch: &mut Launch,
    reason: String,
) -> Result<Round, ReconcileError> {
    let now = UtcTime::now();
    match launch.rollout.take_if(|_| takes_over) {
        Some(rollout) => rollout_failed(launch, rollout, &reason, now),
        None => *launch = ended(launch.clone(), false, &reason, now),
    }
    // If this is outdated, another reconciler has started it.
    status.save_launch(launch).await?;
    if takes_over {
        // The earlier version reads meanwhile.
        tracing::warn!(reason, "ECS did not start the task of a new version");
        return Ok(Round::Done);
    }
    Err(ReconcileError::NotStarted(reason))
}

/// The errors with which ECS has certainly not started a task, and will not until something is changed.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
const REFUSALS: [&str; 8] = [
    "AccessDeniedException",
    "BlockedException",
    "ClientException",
    "ClusterNotFoundException",
    "InvalidParameterException",
    "PlatformTaskDefinitionIncompatibilityException",
    "PlatformUnknownException",
    "UnsupportedFeatureException",
];

/// The running tasks, and those of the launch, which ECS may not list yet, or no longer.
async fn tasks(
    api: &ControlApi,
    stream: &ControlledStream,
    launch: &Launch,
) -> Result<Vec<Task>, ReconcileError> {
    let answer = api
        .ecs
        .list_tasks()
        .cluster(&api.config.cluster)
        .family(stream.task_definition.family())
        .desired_status(DesiredStatus::Running)
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from)?;
    let mut arns: BTreeSet<String> = answer.task_arns.unwrap_or_default().into_iter().collect();
    let launched = [launch.task.as_ref(), launch.rollout.as_ref().and_then(|rollout| rollout.task.as_ref())];
    // Tables that an earlier stack has left name a task of its cluster, about which ECS cannot be asked here.
    let ours = format!(":task/{}/", api.config.cluster);
    arns.extend(launched.into_iter().flatten().filter(|arn| arn.contains(&ours)).cloned());
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    // There are one or two; a request takes a hundred.
    let request =
        api.ecs.describe_tasks().cluster(&api.config.cluster).set_tasks(Some(arns.into_iter().collect()));
    let answer = request.send().await.map_err(aws_sdk_ecs::Error::from)?;
    Ok(answer.tasks().iter().map(task).collect())
}
