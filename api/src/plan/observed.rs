//! What a plan is made of: the observed state, and the steps.

use stream::Lease;
use stream::launch::{Launch, StoppedByHand};
use stream::lease::LeaseHolder;
use stream::standby::Standby;
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
    /// What the task of the rollout noted while it waited for the lease; read before the tasks too.
    pub(crate) standby: Option<Standby>,
    /// The revision of the task definition that is deployed; absent if revisions are not told apart.
    pub(crate) newest: Option<String>,
    pub(crate) now: UtcTime,
}

/// An ECS task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) arn: String,
    pub(crate) state: TaskState,
    /// When ECS created it.
    pub(crate) created: UtcTime,
    /// The revision of the task definition that it runs.
    pub(crate) revision: String,
    /// Whether the reconciler has started it, and not a person.
    pub(crate) is_ours: bool,
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
    /// Start a task.
    Run(Start),
    /// Wake the streamer, so that it checks the requested keywords.
    Wake,
    /// Stop a task, for this reason.
    Stop(String, &'static str),
}

/// Which task to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The same number never starts a second task.
    pub(crate) number: u64,
    /// The revision that it runs; the newest if absent.
    pub(crate) revision: Option<String>,
    /// Whether it is the task of [`Launch::rollout`], which waits while another reads.
    pub(crate) takes_over: bool,
}

impl Task {
    /// Whether it starts or runs.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.state, TaskState::Starting | TaskState::Alive)
    }
}

impl Observed {
    /// The task that reads, if one of those that start or run holds a valid lease.
    pub(crate) fn reader(&self) -> Option<&Task> {
        let holder = self.holder.as_ref().filter(|holder| holder.until > self.now)?;
        self.tasks.iter().find(|task| task.is_alive() && task.arn == holder.lease.owner)
    }
}
