//! Why a connection ended.

use std::fmt;

use super::stopped::StillDelivered;
use crate::meter::UsedUp;
use crate::source::Failure;
use crate::waiting::NotTaken;

/// Why a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The source failed.
    Failed(Failure),
    /// There is no room for more posts that wait for the queue.
    NoRoom,
    /// A budget is used up.
    BudgetUsedUp(UsedUp),
    /// The source refuses every keyword.
    NothingToRead,
    /// Every keyword has used up its budget.
    KeywordsPaused,
    /// Stopped keywords, which the source still delivers, would cost more than all that is requested.
    StoppedCostMore(StillDelivered),
}

impl From<NotTaken> for End {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::NoRoom => Self::NoRoom,
            NotTaken::Ended => Self::Failed(Failure::Final("sending has ended".to_owned())),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => write!(f, "{failure}"),
            Self::NoRoom => f.write_str("the queue took posts too slowly, and the buffer was full"),
            Self::BudgetUsedUp(used_up) => write!(f, "the {used_up}'s budget of posts was used up"),
            Self::StoppedCostMore(still) => f.write_str(&still.cause()),
            Self::KeywordsPaused => f.write_str("every keyword has used up its budget of posts a day"),
            Self::NothingToRead => f.write_str("the source refused every keyword"),
        }
    }
}
