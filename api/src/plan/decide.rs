//! The decision itself: a pure function of the observed state.

use std::time::Duration;

use stream::launch::{Launch, StoppedByHand};
use utc_time::UtcTime;

use super::observed::{Observed, Start, Step, Task, TaskState};
use super::rollout;

/// How long tasks that are no longer needed may take to end by themselves after they were woken: a streamer needs up to
/// 25 s.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// A task that ran for longer did not fail to start.
pub(super) const STARTED: Duration = Duration::from_secs(2 * 60);

/// A task that holds no lease after this time is hung: ECS starts a task within two minutes, and the lease of a holder that
/// crashed expires after 40 s.
pub(super) const HUNG: Duration = Duration::from_secs(5 * 60);

/// How long after its start ECS may still answer that a task is `MISSING`.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>, on eventual consistency
pub(super) const MISSING: Duration = Duration::from_secs(5 * 60);

/// The backoff after a failed start; it doubles with each further failure, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What the launch becomes, and the steps to take once it has been saved.
pub(crate) fn plan(observed: &Observed) -> (Launch, Vec<Step>) {
    let mut launch = observed.launch.clone();
    let alive: Vec<&Task> = observed.tasks.iter().filter(|task| task.is_alive()).collect();
    // It may have been run by hand, with a keyword that it has not requested yet.
    let is_spared =
        |task: &Task| task.state == TaskState::Starting && observed.now.since(task.created) <= HUNG;
    let ending = observed.tasks.iter().any(|task| task.state == TaskState::Ending);
    let launched = observed.tasks.iter().find(|task| launch.task.as_ref() == Some(&task.arn));
    if !observed.requested {
        if launched
            .is_some_and(|task| matches!(task.state, TaskState::Ended { .. } | TaskState::StoppedByHand(_)))
        {
            (launch.at, launch.task) = (None, None);
        }
        launch.rollout = None;
        let unwanted: Vec<&Task> = alive.into_iter().filter(|task| !is_spared(task)).collect();
        return wind_down(launch, &unwanted, observed.now);
    }
    launch.unwanted_since = None;
    if rollout::waits_for_end(&mut launch, launched, observed) {
        return (launch, Vec::new());
    }
    // A task of ours whose start was decided before a person stopped the one that read.
    if launch.stopped_by_hand.is_some() {
        let ours = alive.iter().filter(|task| task.is_ours);
        let stop = ours.map(|task| Step::Stop(task.arn.clone(), "a person stopped the stream"));
        let steps: Vec<Step> = stop.collect();
        if !steps.is_empty() {
            return (launch, steps);
        }
    }
    rollout::note(&mut launch, observed);
    if let Some(reader) = observed.reader()
        && let Some(steps) = rollout::steps(&mut launch, reader, observed)
    {
        watch(&mut launch, reader);
        return (launch, steps);
    }
    if let [task] = alive.as_slice() {
        if is_hung(task, observed) {
            return (launch, vec![Step::Stop(task.arn.clone(), "it holds no lease")]);
        }
        // Whoever has run it by hand wants it to run; from now on it is the one.
        launch.stopped_by_hand = None;
        watch(&mut launch, task);
        if launch.at.is_some_and(|at| observed.now.since(at) > STARTED) {
            (launch.failures, launch.reason, launch.not_before) = (0, None, None);
        }
        return (launch, Vec::new());
    }
    if !alive.is_empty() {
        let keep = kept(&alive, observed);
        let surplus = alive.iter().filter(|task| task.arn != keep.arn && !is_spared(task));
        return (launch, surplus.map(|task| Step::Stop(task.arn.clone(), "another task reads")).collect());
    }
    match (launched.map(|task| &task.state), launch.at) {
        (Some(TaskState::Ended { at, success, reason }), Some(began)) => {
            launch = ended(launch, at.since(began) > STARTED || *success, reason, *at);
        }
        (Some(TaskState::StoppedByHand(stopped)), _) => {
            let stopped_by_hand = wish(&launch, stopped);
            launch = Launch { stopped_by_hand, ..ended(launch, true, "", stopped.at) };
        }
        // It was started, and ECS does not show it yet.
        (None, Some(began)) if launch.task.is_some() && observed.now.since(began) <= MISSING => {
            return (launch, Vec::new());
        }
        // ECS forgets a task an hour after its end.
        (None, Some(_)) if launch.task.is_some() => (launch.at, launch.task) = (None, None),
        // It was decided, and may not have been started: the same number again.
        (_, Some(_)) if launch.task.is_none() => {
            let step = start(&mut launch, observed);
            return (launch, vec![step]);
        }
        _ => {}
    }
    if launch.stopped_by_hand.is_some() {
        return (launch, Vec::new());
    }
    // A task that is ending holds the lease until it has ended.
    if ending || launch.not_before.is_some_and(|not_before| observed.now < not_before) {
        return (launch, Vec::new());
    }
    launch.number += 1;
    (launch.at, launch.task) = (Some(observed.now), None);
    // The lease of a reader outside ECS is left alone.
    let holder = observed.holder.iter().filter(|holder| is_task(&holder.lease.owner));
    let release = holder.map(|holder| Step::Release(holder.lease.clone()));
    let start = start(&mut launch, observed);
    (launch, release.chain([start]).collect())
}

/// How a person stopped a task, as long as that is what is wished: whoever asked after that wants one to run.
pub(super) fn wish(launch: &Launch, stopped: &StoppedByHand) -> Option<StoppedByHand> {
    launch.asked_at.is_none_or(|asked_at| asked_at < stopped.at).then(|| stopped.clone())
}

/// From now on, this task is the one that was launched.
fn watch(launch: &mut Launch, task: &Task) {
    if launch.task.as_ref() != Some(&task.arn) {
        (launch.task, launch.at) = (Some(task.arn.clone()), Some(task.created));
    }
}

/// Starts the task of the launch's number.
fn start(launch: &mut Launch, observed: &Observed) -> Step {
    let revision = rollout::to_start(launch, observed);
    Step::Run(Start { number: launch.number, revision, takes_over: false })
}

/// Whether a lease holder is an ECS task: its name is an ARN of ECS, in any partition of AWS (`arn:aws-cn:ecs:…`).
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn is_task(owner: &str) -> bool {
    let mut parts = owner.split(':');
    parts.next() == Some("arn") && parts.nth(1) == Some("ecs")
}

/// The launch after its task has ended, or could not be started.
pub(crate) fn ended(launch: Launch, success: bool, reason: &str, at: UtcTime) -> Launch {
    let launch = Launch { at: None, task: None, ..launch };
    if success {
        return Launch { failures: 0, reason: None, not_before: None, ..launch };
    }
    let failures = launch.failures.saturating_add(1);
    let wait = FIRST_WAIT.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_WAIT);
    Launch { failures, reason: Some(reason.to_owned()), not_before: Some(at.after(wait)), ..launch }
}

/// The plan while no keyword is requested: tasks are woken, and stopped if they do not end by themselves. Earlier failures
/// are forgotten, and that a person stopped a task, so that the next request for a keyword need not wait.
fn wind_down(launch: Launch, alive: &[&Task], now: UtcTime) -> (Launch, Vec<Step>) {
    let steps = match launch.unwanted_since {
        _ if alive.is_empty() => Vec::new(),
        Some(since) if now.since(since) > GRACE => {
            alive.iter().map(|task| Step::Stop(task.arn.clone(), "no keyword is requested")).collect()
        }
        _ => vec![Step::Wake],
    };
    let unwanted_since = (!alive.is_empty()).then(|| launch.unwanted_since.unwrap_or(now));
    (
        Launch {
            failures: 0,
            reason: None,
            not_before: None,
            stopped_by_hand: None,
            unwanted_since,
            ..launch
        },
        steps,
    )
}

fn is_hung(task: &Task, observed: &Observed) -> bool {
    let is_read = observed.holder.as_ref().is_some_and(|holder| holder.until > observed.now);
    // While a reader outside ECS holds the lease, a task waits for it.
    !is_read && observed.now.since(task.created) > HUNG
}

/// Which of several tasks is kept: the lease holder, else the one launched last.
fn kept<'a>(alive: &[&'a Task], observed: &Observed) -> &'a Task {
    let holds = |task: &&&Task| observed.holder.as_ref().is_some_and(|holder| holder.lease.owner == task.arn);
    let launched = |task: &&&Task| observed.launch.task.as_ref() == Some(&task.arn);
    let kept = alive.iter().find(holds).or_else(|| alive.iter().find(launched));
    kept.copied().unwrap_or(alive[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_one_in_every_partition_of_aws() {
        for owner in [
            "arn:aws:ecs:us-east-1:1:task/c/1",
            "arn:aws-cn:ecs:cn-north-1:1:task/c/1",
            "arn:aws-us-gov:ecs:x",
        ] {
            assert!(is_task(owner), "{owner}");
        }
        for owner in ["", "ecs", "arn:aws:sqs:us-east-1:1:ecs", "host:aws:ecs:1", "laptop-17"] {
            assert!(!is_task(owner), "{owner}");
        }
    }
}
