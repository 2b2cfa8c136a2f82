//! How a new revision of the task definition takes over: its task starts and waits for the lease while the earlier one reads on. Only once it is
//! ready is the earlier one stopped. If it is not ready in time, the earlier one stays.

use std::time::Duration;

use stream::launch::{Launch, RefusedRevision, Rollout};

use super::decide::HUNG;
use super::observed::{Observed, Start, Step, Task, TaskState};

/// A revision whose task does not hold the lease so long after its first task was decided is refused.
pub(super) const PATIENCE: Duration = HUNG;

/// How long after a task of the new revision ended, or could not be started, another one is.
const WAIT: Duration = Duration::from_secs(20);

/// Notes which revision reads, and that a rollout or a refusal is over.
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
        if launch.asked_at.is_none_or(|asked_at| asked_at < stopped.at) {
            launch.stopped_by_hand = Some(stopped.clone());
        }
        launch.rollout = None;
    }
    false
}

/// The revision that a task is started with while none reads; the newest if `None`.
pub(super) fn to_start(launch: &mut Launch, observed: &Observed) -> Option<String> {
    // The earlier task ended before the new one was ready.
    if let Some(rollout) = &launch.rollout
        && observed.now.since(rollout.at) > PATIENCE
    {
        let reason = launch.reason.clone().or_else(|| rollout.reason.clone());
        refuse(launch, reason, observed);
    }
    let newest = observed.newest.clone()?;
    let is_refused = launch.refused.as_ref().is_some_and(|refused| refused.revision == newest);
    Some(launch.revision.clone().filter(|_| is_refused).unwrap_or(newest))
}

/// The steps while `reader` reads, if a newer revision is taking over from its.
pub(super) fn steps(launch: &mut Launch, reader: &Task, observed: &Observed) -> Option<Vec<Step>> {
    let newest = observed.newest.as_ref()?;
    if reader.revision == *newest
        || launch.refused.as_ref().is_some_and(|refused| refused.revision == *newest)
    {
        launch.rollout = None;
        return None;
    }
    let Some(rollout) = launch.rollout.take().filter(|rollout| rollout.revision == *newest) else {
        let rollout = Rollout {
            revision: newest.clone(),
            at: observed.now,
            task: None,
            reason: None,
            not_before: None,
        };
        return Some(start(launch, rollout));
    };
    let is_late = observed.now.since(rollout.at) > PATIENCE;
    let task = rollout.task.as_ref().and_then(|arn| observed.tasks.iter().find(|task| task.arn == *arn));
    match (task.map(|task| &task.state), &rollout.task) {
        (Some(TaskState::StoppedByHand(stopped)), _) => {
            let reason = format!("a person stopped its task ({})", stopped.reason);
            refuse(launch, Some(reason), observed);
            Some(Vec::new())
        }
        (Some(TaskState::Ended { at, reason, .. }), Some(arn)) => {
            // It could not read even if it held the lease, and neither could the next.
            if let Some(trouble) = standby(observed, arn).and_then(|standby| standby.trouble.clone()) {
                refuse(launch, Some(trouble), observed);
                return Some(Vec::new());
            }
            let not_before = Some(at.after(WAIT));
            launch.number += 1;
            launch.rollout =
                Some(Rollout { task: None, reason: Some(reason.clone()), not_before, ..rollout });
            Some(Vec::new())
        }
        (_, Some(arn)) if is_late => {
            let stop = task.map(|_| Step::Stop(arn.clone(), "it did not get ready to take over"));
            refuse(launch, rollout.reason, observed);
            Some(stop.into_iter().collect())
        }
        (_, None) if is_late => {
            refuse(launch, rollout.reason, observed);
            Some(Vec::new())
        }
        // Decided, and perhaps started already: the same number again.
        (_, None) if rollout.not_before.is_none_or(|not_before| observed.now >= not_before) => {
            let again = Step::Run(started(launch, &rollout));
            launch.rollout = Some(rollout);
            Some(vec![again])
        }
        (Some(TaskState::Alive), Some(arn))
            if standby(observed, arn).is_some_and(|standby| standby.trouble.is_none()) =>
        {
            launch.rollout = Some(rollout);
            Some(vec![Step::Stop(reader.arn.clone(), "a newer revision takes over")])
        }
        _ => {
            launch.rollout = Some(rollout);
            Some(Vec::new())
        }
    }
}

/// What the task said when it found the lease held by another.
fn standby<'a>(observed: &'a Observed, arn: &str) -> Option<&'a stream::standby::Standby> {
    observed.standby.as_ref().filter(|standby| standby.owner == arn)
}

/// Starts the first task of a rollout.
fn start(launch: &mut Launch, rollout: Rollout) -> Vec<Step> {
    launch.number += 1;
    let step = Step::Run(started(launch, &rollout));
    launch.rollout = Some(rollout);
    vec![step]
}

fn started(launch: &Launch, rollout: &Rollout) -> Start {
    Start { number: launch.number, revision: Some(rollout.revision.clone()), takes_over: true }
}

/// Gives the newest revision up.
fn refuse(launch: &mut Launch, reason: Option<String>, observed: &Observed) {
    launch.rollout = None;
    let Some(revision) = observed.newest.clone() else { return };
    let reason = reason.unwrap_or_else(|| {
        format!("its task was not ready to read within {} minutes", PATIENCE.as_secs() / 60)
    });
    launch.refused = Some(RefusedRevision { revision, at: observed.now, reason });
}
