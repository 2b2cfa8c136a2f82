//! What a plan is made of: the observed state, and the steps.

use stream::Lease;
use stream::launch::{Launch, StoppedByHand};
use stream::lease::LeaseHolder;
use utc_time::UtcTime;

/// The state that a plan is made for.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    /// Whether any keyword is requested.
    pub(crate) requested: bool,
    pub(crate) launch: Launch,
    /// The lease holder, read before the tasks: a holder that is not among the tasks has ended.
    pub(crate) holder: Option<LeaseHolder>,
    /// The tasks that start, run or end, and the task of the latest launch while ECS knows it.
    pub(crate) tasks: Vec<Task>,
    pub(crate) now: UtcTime,
}

/// An ECS task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) arn: String,
    pub(crate) state: TaskState,
    /// When ECS created it.
    pub(crate) created: UtcTime,
}

/// The state of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// ECS is starting it, which takes a minute or two.
    Starting,
    /// It runs.
    Alive,
    /// ECS is stopping it.
    Ending,
    /// It has ended.
    Ended {
        /// When.
        at: UtcTime,
        /// Whether its exit code was 0.
        success: bool,
        /// Why, in ECS's words.
        reason: String,
    },
    /// It has ended because a person stopped it.
    StoppedByHand(StoppedByHand),
}

/// What to do once the launch has been saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Release the lease of a task that has ended.
    Release(Lease),
    /// Start the task of this number; the same number never starts a second task.
    Run(u64),
    /// Wake the streamer, so that it checks the requested keywords.
    Wake,
    /// Stop a task, for this reason.
    Stop(String, &'static str),
}
