//! How a new revision of the task definition takes over: its task starts and waits for the lease while the earlier one reads on. Only once it is
//! ready is the earlier one stopped. If it is not ready in time, the earlier one stays.

use std::time::Duration;

use stream::launch::{Launch, RefusedRevision, Rollout};
use utc_time::UtcTime;

use super::decide::{HUNG, wish};
use super::observed::{Observed, Start, Step, Task, TaskState};

/// A revision whose task is not ready so long after its first task was decided is refused.
pub(super) const PATIENCE: Duration = HUNG;

/// How long after a task of the new revision ended, or could not be started, another one is.
const WAIT: Duration = Duration::from_secs(20);

/// How long the task that read has to end before it is told again. ECS ends it after 30 s, and shows that a little later.
const STOPPING: Duration = Duration::from_secs(60);

/// After so many failed starts in a row of the earlier revision, the newest is tried after all.
const FALLBACKS: u32 = 3;

/// Notes which revision reads, and that a rollout or a refusal is over. Behind this, what is refused is the newest revision.
pub(super) fn note(launch: &mut Launch, observed: &Observed) {
    let Some(newest) = &observed.newest else { return };
    launch.refused.take_if(|refused| refused.revision != *newest);
    if let Some(reader) = observed.reader() {
        launch.revision = Some(reader.revision.clone());
        launch.rollout.take_if(|rollout| rollout.revision == reader.revision);
    }
}

/// Whether to wait because a task of the rollout is ending: only once it has ended does ECS say whether a person has stopped it. If one has, and the
/// earlier task reads no more, nothing takes over from it.
pub(super) fn waits_for_end(launch: &mut Launch, launched: Option<&Task>, observed: &Observed) -> bool {
    let Some(rollout) = &launch.rollout else { return false };
    if launched.is_some_and(Task::is_alive) {
        return false;
    }
    let successor = observed.tasks.iter().find(|task| Some(&task.arn) == rollout.task.as_ref());
    let states: Vec<&TaskState> =
        [launched, successor].into_iter().flatten().map(|task| &task.state).collect();
    if states.contains(&&TaskState::Ending) {
        return true;
    }
    let stopped = states.into_iter().find_map(|state| match state {
        TaskState::StoppedByHand(stopped) => Some(stopped),
        _ => None,
    });
    if let Some(stopped) = stopped {
        launch.stopped_by_hand = wish(launch, stopped);
        launch.rollout = None;
    }
    false
}

/// The revision that a task is started with while none reads; the newest if `None`.
pub(super) fn to_start(launch: &mut Launch, observed: &Observed) -> Option<String> {
    let newest = observed.newest.clone()?;
    // The earlier task ended before the new one was ready. A rollout of another revision is over.
    if let Some(rollout) = launch.rollout.take().filter(|rollout| rollout.revision == newest) {
        if observed.now.since(rollout.at) > PATIENCE {
            let reason = launch.reason.clone().or_else(|| rollout.reason.clone());
            refuse(launch, &rollout, reason, observed);
            // They were those of the refused revision.
            (launch.failures, launch.reason) = (0, None);
        } else {
            launch.rollout = Some(rollout);
        }
    }
    let is_refused = launch.refused.is_some();
    let earlier = launch.revision.clone().filter(|_| is_refused && launch.failures < FALLBACKS);
    Some(earlier.unwrap_or(newest))
}

/// The steps while `reader` reads, if a newer revision is taking over from its.
pub(super) fn steps(launch: &mut Launch, reader: &Task, observed: &Observed) -> Option<Vec<Step>> {
    let newest = observed.newest.as_ref()?;
    if reader.revision == *newest || launch.refused.is_some() {
        launch.rollout = None;
        return None;
    }
    let Some(mut rollout) = launch.rollout.take().filter(|rollout| rollout.revision == *newest) else {
        launch.number += 1;
        let rollout = Rollout::new(newest.clone(), observed.now);
        let start = started(launch, &rollout);
        launch.rollout = Some(rollout);
        return Some(vec![start]);
    };
    let Some(arn) = rollout.task.clone() else {
        let is_due = rollout.not_before.is_none_or(|not_before| observed.now >= not_before);
        if is_late(&rollout, observed) {
            refuse(launch, &rollout, rollout.reason.clone(), observed);
            return Some(Vec::new());
        }
        // Decided, and perhaps started already: the same number again.
        let again = is_due.then(|| started(launch, &rollout));
        launch.rollout = Some(rollout);
        return Some(again.into_iter().collect());
    };
    // Those of a rollout before this one, and what was started twice.
    let is_surplus =
        |task: &&Task| task.is_alive() && task.is_ours && task.arn != reader.arn && task.arn != arn;
    let surplus = observed.tasks.iter().filter(is_surplus);
    let mut steps: Vec<Step> =
        surplus.map(|task| Step::Stop(task.arn.clone(), "another version takes over")).collect();
    let task = observed.tasks.iter().find(|task| task.arn == arn);
    let standby = observed.standby.as_ref().filter(|standby| standby.owner == arn);
    let trouble = standby.and_then(|standby| standby.trouble.clone());
    let is_ready = standby.is_some() && trouble.is_none();
    let is_ending = rollout.stopping.is_some_and(|at| observed.now.since(at) <= STOPPING);
    match task.map(|task| &task.state) {
        Some(TaskState::StoppedByHand(stopped)) => {
            let reason = format!("a person stopped its task ({})", stopped.reason);
            refuse(launch, &rollout, Some(reason), observed);
            return Some(steps);
        }
        // It could not read even if it held the lease, and neither could the next.
        Some(TaskState::Ended { .. }) if trouble.is_some() => {
            refuse(launch, &rollout, trouble, observed);
            return Some(steps);
        }
        Some(TaskState::Ended { at, reason, .. }) => {
            failed(launch, rollout, reason, *at);
            return Some(steps);
        }
        _ if is_ending => {}
        Some(TaskState::Alive) if is_ready => {
            rollout.stopping = Some(observed.now);
            steps.push(Step::Stop(reader.arn.clone(), "a newer version takes over"));
        }
        _ if is_late(&rollout, observed) => {
            steps.extend(task.map(|task| Step::Stop(task.arn.clone(), "it did not get ready to take over")));
            refuse(launch, &rollout, trouble.or_else(|| rollout.reason.clone()), observed);
            return Some(steps);
        }
        _ => {}
    }
    launch.rollout = Some(rollout);
    Some(steps)
}

fn is_late(rollout: &Rollout, observed: &Observed) -> bool {
    observed.now.since(rollout.at) > PATIENCE
}

/// Notes that the rollout's task has ended, or could not be started: another one is, under the next number, after a while.
pub(crate) fn failed(launch: &mut Launch, rollout: Rollout, reason: &str, at: UtcTime) {
    launch.number += 1;
    launch.rollout = Some(Rollout {
        task: None,
        reason: Some(reason.to_owned()),
        not_before: Some(at.after(WAIT)),
        stopping: None,
        ..rollout
    });
}

/// Starts the task of the launch's number for the rollout.
fn started(launch: &Launch, rollout: &Rollout) -> Step {
    Step::Run(Start { number: launch.number, revision: Some(rollout.revision.clone()), takes_over: true })
}

/// Gives the rollout's revision up.
fn refuse(launch: &mut Launch, rollout: &Rollout, reason: Option<String>, observed: &Observed) {
    launch.rollout = None;
    let reason = reason.unwrap_or_else(|| {
        format!("its task was not ready to read within {} minutes", PATIENCE.as_secs() / 60)
    });
    launch.refused = Some(RefusedRevision { revision: rollout.revision.clone(), at: observed.now, reason });
}
