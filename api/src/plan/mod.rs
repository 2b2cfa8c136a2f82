//! What reconciling decides, given what it sees: nothing here asks or tells anybody.

#[cfg(test)]
mod model;

use std::time::Duration;

use stream::Lease;
use stream::launch::Launch;
use stream::lease::LeaseHolder;
use utc_time::UtcTime;

/// How long tasks that nobody wants may take to end by themselves, once they were told to look: a
/// streamer needs up to 25 s.
const GRACE: Duration = Duration::from_secs(60);

/// A task that lived for longer has not died at birth.
const INFANCY: Duration = Duration::from_secs(2 * 60);

/// A task that holds no lease after so long does not do its work: ECS starts one within two minutes, and
/// a lease that its holder left without a word ends after 40 s.
const HUNG: Duration = Duration::from_secs(5 * 60);

/// For how long after its start ECS may not know a task yet, and answer that it is `MISSING`.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>, on eventual consistency
const UNSEEN: Duration = Duration::from_secs(5 * 60);

/// The wait after a task that died at birth; twice as long after each further one, up to the other.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What reconciling sees.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Whether any keyword is desired.
    pub(crate) desired: bool,
    pub(crate) launch: Launch,
    /// Who held the lease, before the tasks were looked at: a holder that is not among them has ended.
    pub(crate) holder: Option<LeaseHolder>,
    /// The tasks that run, start or end, and that of the latest launch, if ECS knows it already, and still.
    pub(crate) tasks: Vec<Task>,
    pub(crate) now: UtcTime,
}

/// A task of ECS's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) arn: String,
    pub(crate) state: TaskState,
    /// When ECS began to make it.
    pub(crate) created: UtcTime,
}

/// How a task fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// It runs, or will.
    Alive,
    /// It has been told to end.
    Ending,
    /// It has ended.
    Ended {
        /// When.
        at: UtcTime,
        /// It ended as one that was told to.
        well: bool,
        /// Why, in ECS's words.
        reason: String,
    },
}

/// What to do, once the launch has been noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Give the lease of a task that has ended to the next.
    Release(Lease),
    /// Start a task; the same number starts the same one.
    Run(u64),
    /// Tell the reader to look at what is desired.
    Wake,
    /// Stop a task, for this reason.
    Stop(String, &'static str),
}

/// Decides what the launch becomes, and what is to be done then.
pub(crate) fn plan(seen: &Seen) -> (Launch, Vec<Step>) {
    let mut launch = seen.launch.clone();
    let alive: Vec<&Task> = seen.tasks.iter().filter(|task| task.state == TaskState::Alive).collect();
    let ending = seen.tasks.iter().any(|task| task.state == TaskState::Ending);
    if !seen.desired {
        return unwanted(launch, &alive, seen.now);
    }
    launch.unwanted_since = None;
    if let [task] = alive.as_slice() {
        if is_hung(task, seen) {
            return (launch, vec![Step::Stop(task.arn.clone(), "it holds no lease")]);
        }
        if launch.at.is_some_and(|at| seen.now.since(at) > INFANCY) {
            (launch.failures, launch.reason, launch.not_before) = (0, None, None);
        }
        return (launch, Vec::new());
    }
    if !alive.is_empty() {
        let keep = kept(&alive, seen);
        let surplus = alive.iter().filter(|task| task.arn != keep.arn);
        return (launch, surplus.map(|task| Step::Stop(task.arn.clone(), "another task reads")).collect());
    }
    let ended = seen.tasks.iter().find(|task| launch.task.as_ref() == Some(&task.arn));
    match (ended.map(|task| &task.state), launch.at) {
        (Some(TaskState::Ended { at, well, reason }), Some(began)) => {
            launch = after(launch, at.since(began) > INFANCY || *well, reason, *at);
        }
        // It has been started, and is not to be seen yet.
        (None, Some(began)) if launch.task.is_some() && seen.now.since(began) <= UNSEEN => {
            return (launch, Vec::new());
        }
        // ECS forgets a task an hour after its end.
        (None, Some(_)) if launch.task.is_some() => (launch.at, launch.task) = (None, None),
        // Decided and not known to be done: the same number again.
        (_, Some(_)) if launch.task.is_none() => {
            let number = launch.number;
            return (launch, vec![Step::Run(number)]);
        }
        _ => {}
    }
    // One that ends still reads; it holds the lease until then.
    if ending || launch.not_before.is_some_and(|not_before| seen.now < not_before) {
        return (launch, Vec::new());
    }
    launch.number += 1;
    (launch.at, launch.task) = (Some(seen.now), None);
    // A reader outside of ECS is left alone.
    let holder = seen.holder.iter().filter(|holder| is_task(&holder.lease.owner));
    let release = holder.map(|holder| Step::Release(holder.lease.clone()));
    let number = launch.number;
    (launch, release.chain([Step::Run(number)]).collect())
}

/// Whether this is the ARN of something of ECS's, in whichever partition of AWS: `arn:aws-cn:ecs:…` is one.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn is_task(owner: &str) -> bool {
    let mut parts = owner.split(':');
    parts.next() == Some("arn") && parts.nth(1) == Some("ecs")
}

/// The launch after its task has ended, or could not be started.
pub(crate) fn after(launch: Launch, well: bool, reason: &str, at: UtcTime) -> Launch {
    let launch = Launch { at: None, task: None, ..launch };
    if well {
        return Launch { failures: 0, reason: None, not_before: None, ..launch };
    }
    let failures = launch.failures.saturating_add(1);
    let wait = FIRST_WAIT.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_WAIT);
    Launch { failures, reason: Some(reason.to_owned()), not_before: Some(at.after(wait)), ..launch }
}

/// What is decided while nothing is desired: tasks are told to look, and stopped when they do not listen.
/// What failed before is forgotten, so that whoever wants it again need not wait.
fn unwanted(launch: Launch, alive: &[&Task], now: UtcTime) -> (Launch, Vec<Step>) {
    let steps = match launch.unwanted_since {
        _ if alive.is_empty() => Vec::new(),
        Some(since) if now.since(since) > GRACE => {
            alive.iter().map(|task| Step::Stop(task.arn.clone(), "nobody wants it")).collect()
        }
        _ => vec![Step::Wake],
    };
    let unwanted_since = (!alive.is_empty()).then(|| launch.unwanted_since.unwrap_or(now));
    (Launch { failures: 0, reason: None, not_before: None, unwanted_since, ..launch }, steps)
}

fn is_hung(task: &Task, seen: &Seen) -> bool {
    let reads = seen.holder.as_ref().is_some_and(|holder| holder.until > seen.now);
    // Where a reader outside of ECS holds the lease, a task waits for it.
    !reads && seen.now.since(task.created) > HUNG
}

/// Which of several tasks stays: the one that reads, or the one that was launched last.
fn kept<'a>(alive: &[&'a Task], seen: &Seen) -> &'a Task {
    let holds = |task: &&&Task| seen.holder.as_ref().is_some_and(|holder| holder.lease.owner == task.arn);
    let launched = |task: &&&Task| seen.launch.task.as_ref() == Some(&task.arn);
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
