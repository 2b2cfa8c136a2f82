//! Making the running task match what is desired.

use std::collections::BTreeSet;

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{AwsVpcConfiguration, DesiredStatus, LaunchType, NetworkConfiguration};
use service::tables::TableError;
use stream::launch::{Launch, Saved};
use utc_time::UtcTime;

use crate::ControlApi;
use crate::plan::{Seen, Step, Task, TaskState, after, plan};

/// What reconciling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// There was nothing to do, or somebody else is doing it.
    Unchanged,
    /// Tasks have been started, stopped, or told to look.
    Changed,
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

/// Compares what is desired with the tasks that run, and starts one, stops some, or tells them to end. It
/// depends on nothing but the present state, so it may run at any time, twice, and late: what is to be
/// started is noted first, under a number that only one of several can take, and ECS takes requests of
/// one number for the same. [`crate::plan`] decides.
///
/// # Errors
/// [`ReconcileError`]; what is noted and not done is done by the next.
pub async fn reconcile(api: &ControlApi) -> Result<Reconciled, ReconcileError> {
    let mut reconciled = Reconciled::Unchanged;
    // A start that turns out to have ended long ago is followed by another at once.
    for _ in 0..ROUNDS {
        match round(api).await? {
            Round::Nothing => break,
            Round::Done => return Ok(Reconciled::Changed),
            Round::Again => reconciled = Reconciled::Changed,
        }
    }
    Ok(reconciled)
}

/// How often one reconciler looks again at once.
const ROUNDS: usize = 3;

/// What came of looking once.
enum Round {
    Nothing,
    Done,
    /// What was done shows that more is to be done.
    Again,
}

async fn round(api: &ControlApi) -> Result<Round, ReconcileError> {
    let desired = api.status.has_keywords().await?;
    let launch = api.status.launch().await?;
    // Before the tasks: a holder that is not among those that run later has ended.
    let holder = api.status.lease_holder().await?;
    let tasks = tasks(api, launch.task.as_ref()).await?;
    let seen = Seen { desired, launch, holder, tasks, now: UtcTime::now() };
    let (mut launch, steps) = plan(&seen);
    if launch != seen.launch && api.status.save_launch(&mut launch).await? == Saved::Outdated {
        return Ok(Round::Nothing);
    }
    if steps.is_empty() {
        return Ok(Round::Nothing);
    }
    let mut round = Round::Done;
    for step in steps {
        tracing::info!(?step, "reconciling");
        match step {
            Step::Release(lease) => api.status.release_lease(&lease).await?,
            Step::Run(number) => round = run(api, number, &mut launch).await?,
            Step::Wake => api.close_queue.wake().await?,
            Step::Stop(arn, why) => {
                let request = api.ecs.stop_task().cluster(&api.config.cluster).task(arn).reason(why);
                request.send().await.map_err(aws_sdk_ecs::Error::from)?;
            }
        }
    }
    Ok(round)
}

/// Starts the task of this number, and notes which it is.
async fn run(api: &ControlApi, number: u64, launch: &mut Launch) -> Result<Round, ReconcileError> {
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
        .client_token(format!("{}-{number}", api.config.stream_id))
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from);
    let answer = match answer {
        Ok(answer) => answer,
        // The number has started a task otherwise than it would now: by an earlier revision of the task definition.
        Err(aws_sdk_ecs::Error::ConflictException(conflict)) => {
            return taken(api, launch, conflict.resource_ids()).await;
        }
        Err(error) if error.code().is_some_and(|code| REFUSALS.contains(&code)) => {
            let reason = [error.code(), error.message()].into_iter().flatten().collect::<Vec<_>>().join(": ");
            return not_started(api, launch, reason).await;
        }
        // It may have started all the same: the same number is tried again.
        Err(error) => return Err(error.into()),
    };
    let Some(task) = answer.tasks().first() else {
        let failure = answer.failures().first().and_then(|failure| failure.reason());
        return not_started(api, launch, failure.unwrap_or("ECS gave no reason").to_owned()).await;
    };
    launch.task = task.task_arn().map(str::to_owned);
    // What has been decided may have taken many tries to do.
    launch.at = time(task.created_at()).or(launch.at);
    api.status.save_launch(launch).await?;
    Ok(if task.last_status() == Some(STOPPED) { Round::Again } else { Round::Done })
}

/// Notes what the number has started already; if that cannot be told, the next number is due at once: this one would
/// be refused for ever.
async fn taken(api: &ControlApi, launch: &mut Launch, tasks: &[String]) -> Result<Round, ReconcileError> {
    match tasks.first() {
        Some(task) => launch.task = Some(task.clone()),
        None => (launch.number, launch.at) = (launch.number + 1, Some(UtcTime::now())),
    }
    // Where that is outdated, somebody else has gone on.
    api.status.save_launch(launch).await?;
    Ok(Round::Again)
}

/// Notes why no task was started.
async fn not_started(api: &ControlApi, launch: &mut Launch, reason: String) -> Result<Round, ReconcileError> {
    *launch = after(launch.clone(), false, &reason, UtcTime::now());
    // Where that is outdated, somebody else has started it.
    api.status.save_launch(launch).await?;
    Err(ReconcileError::NotStarted(reason))
}

/// What ECS answers when it has surely not started a task, and will not until something is changed.
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

/// How ECS calls a task that has ended.
const STOPPED: &str = "STOPPED";

/// The tasks that run, and `launched`, which a list may not have yet, or not any more.
async fn tasks(api: &ControlApi, launched: Option<&String>) -> Result<Vec<Task>, ReconcileError> {
    let answer = api
        .ecs
        .list_tasks()
        .cluster(&api.config.cluster)
        .family(&api.config.task_definition)
        .desired_status(DesiredStatus::Running)
        .send()
        .await
        .map_err(aws_sdk_ecs::Error::from)?;
    let mut arns: BTreeSet<String> = answer.task_arns.unwrap_or_default().into_iter().collect();
    arns.extend(launched.cloned());
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    // There are one or two of them; a request takes a hundred.
    let request =
        api.ecs.describe_tasks().cluster(&api.config.cluster).set_tasks(Some(arns.into_iter().collect()));
    let answer = request.send().await.map_err(aws_sdk_ecs::Error::from)?;
    Ok(answer.tasks().iter().map(task).collect())
}

fn time(at: Option<&DateTime>) -> Option<UtcTime> {
    at.and_then(|at| at.to_millis().ok()).and_then(|millis| UtcTime::from_millis(millis).ok())
}

fn task(task: &aws_sdk_ecs::types::Task) -> Task {
    let created = time(task.created_at()).unwrap_or_else(UtcTime::now);
    let container = task.containers().first();
    let state = if task.last_status() == Some(STOPPED) {
        let reason = container.and_then(|container| container.reason()).or_else(|| task.stopped_reason());
        let code = container.and_then(|container| container.exit_code());
        let told = code.map(|code| format!("exit code {code}"));
        let reason = [reason.map(str::to_owned), told].into_iter().flatten().collect::<Vec<_>>().join(", ");
        TaskState::Ended { at: time(task.stopped_at()).unwrap_or(created), well: code == Some(0), reason }
    } else if task.desired_status() == Some(STOPPED) {
        TaskState::Ending
    } else {
        TaskState::Alive
    };
    Task { arn: task.task_arn().unwrap_or_default().to_owned(), state, created }
}
