//! What ECS says of a task.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::TaskStopCode;
use stream::launch::StoppedByHand;
use utc_time::UtcTime;

use crate::plan::{Task, TaskState};

/// What every reason begins with that is given for stopping a task, by the reconciler, `./deploy` and `./remove`. A task that was stopped for another
/// reason was stopped by a person.
pub(crate) const OURS: &str = "aviary: ";

/// What says that the reconciler has started a task.
pub(crate) const STARTED_BY: &str = "aviary";

/// ECS's status of a task that has ended.
pub(crate) const STOPPED: &str = "STOPPED";

/// A time of ECS's, if it is one that can be told.
pub(crate) fn time(at: Option<&DateTime>) -> Option<UtcTime> {
    at.and_then(|at| at.to_millis().ok()).and_then(|millis| UtcTime::from_millis(millis).ok())
}

/// How a person stopped a task that has ended, if one has.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
fn stopped_by_hand(task: &aws_sdk_ecs::types::Task) -> Option<StoppedByHand> {
    let reason = task.stopped_reason().unwrap_or("no reason was given");
    let is_by_hand = task.last_status() == Some(STOPPED)
        && task.stop_code() == Some(&TaskStopCode::UserInitiated)
        && !reason.starts_with(OURS);
    let at = || {
        let known = [task.stopping_at(), task.stopped_at(), task.created_at()];
        known.into_iter().find_map(time).unwrap_or_else(UtcTime::now)
    };
    is_by_hand.then(|| StoppedByHand { at: at(), reason: reason.to_owned() })
}

/// A task, as far as the plan must know it.
pub(crate) fn task(task: &aws_sdk_ecs::types::Task) -> Task {
    let created = time(task.created_at()).unwrap_or_else(UtcTime::now);
    let container = task.containers().first();
    let state = if let Some(stopped) = stopped_by_hand(task) {
        TaskState::StoppedByHand(stopped)
    } else if task.last_status() == Some(STOPPED) {
        let reason = container.and_then(|container| container.reason()).or_else(|| task.stopped_reason());
        let code = container.and_then(|container| container.exit_code());
        let exit = code.map(|code| format!("exit code {code}"));
        let reason = [reason.map(str::to_owned), exit].into_iter().flatten().collect::<Vec<_>>().join(", ");
        TaskState::Ended { at: time(task.stopped_at()).unwrap_or(created), success: code == Some(0), reason }
    } else if task.desired_status() == Some(STOPPED) {
        TaskState::Ending
    } else if task.last_status() == Some("RUNNING") {
        TaskState::Alive
    } else {
        TaskState::Starting
    };
    Task {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        state,
        created,
        revision: task.task_definition_arn().unwrap_or_default().to_owned(),
        is_ours: task.started_by() == Some(STARTED_BY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task in these words of ECS: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
    fn state(last: &str, desired: &str, code: Option<&str>, reason: &str) -> TaskState {
        let described = aws_sdk_ecs::types::Task::builder()
            .last_status(last)
            .desired_status(desired)
            .set_stop_code(code.map(TaskStopCode::from))
            .stopped_reason(reason)
            .created_at(DateTime::from_secs(1))
            .stopping_at(DateTime::from_secs(2))
            .stopped_at(DateTime::from_secs(3));
        task(&described.build()).state
    }

    #[test]
    fn only_a_person_stops_a_task_by_hand() {
        let stopped = |code: &str, reason: &str| state("STOPPED", "STOPPED", Some(code), reason);
        for reason in ["", "too dear", "Task stopped by user"] {
            let TaskState::StoppedByHand(by_hand) = stopped("UserInitiated", reason) else {
                panic!("{reason}")
            };
            assert_eq!((by_hand.at.as_millis(), by_hand.reason.as_str()), (2_000, reason));
        }
        for code in [
            "TaskFailedToStart",
            "EssentialContainerExited",
            "ServiceSchedulerInitiated",
            "SpotInterruption",
            "TerminationNotice",
        ] {
            assert!(matches!(stopped(code, "any"), TaskState::Ended { .. }), "{code}");
        }
        assert!(matches!(stopped("UserInitiated", "aviary: another task reads"), TaskState::Ended { .. }));
        assert!(matches!(state("STOPPED", "STOPPED", None, ""), TaskState::Ended { .. }));
    }

    #[test]
    fn a_task_starts_runs_and_ends() {
        for last in ["PROVISIONING", "PENDING", "ACTIVATING"] {
            assert_eq!(state(last, "RUNNING", None, ""), TaskState::Starting);
        }
        assert_eq!(state("RUNNING", "RUNNING", None, ""), TaskState::Alive);
        for last in ["RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"] {
            assert_eq!(state(last, "STOPPED", Some("UserInitiated"), ""), TaskState::Ending);
        }
    }
}
