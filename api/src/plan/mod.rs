//! What the reconciler decides for a state that it observed. Nothing here does I/O, so the tests in `model` try every order in which
//! a user, two reconcilers, ECS and a streamer can act.

mod decide;
#[cfg(test)]
mod model;
mod observed;
mod rollout;

pub(crate) use decide::{ended, plan};
pub(crate) use observed::{Observed, Start, Step, Task, TaskState};
pub(crate) use rollout::failed as rollout_failed;
