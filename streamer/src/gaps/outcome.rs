//! What came of an attempt to heal a gap.

use utc_time::UtcTime;

use super::worklist::Work;
use crate::source::{Class, Failure};

/// What came of an attempt to heal a gap.
#[derive(Debug)]
pub(crate) enum Healed {
    /// Its record says what became of it.
    Finished,
    /// It is to be tried again when it is due.
    Later(Box<Work>),
    /// The source refuses such requests. It is to be tried again when it is due, and no other before.
    Refused(Box<Work>),
}

/// Why a gap is not healed.
pub(super) enum Unhealed {
    /// Posts are missing for good.
    Open(String),
    /// Its keyword is no longer requested.
    Abandoned,
    /// No gap can be fetched now.
    Wait(Class, String),
    /// It cannot be fetched now; others may.
    Later(Class, String),
    /// The source does not reach back that far.
    OutOfReach(String),
    /// The source refuses the request as such.
    Refused(String),
    /// The source refuses the keyword.
    KeywordRefused(String),
    /// A budget does not allow it.
    Budget,
    /// The keyword's own budget of so many posts a day does not allow it.
    KeywordBudget(u64),
    /// As many posts were fetched as were requested.
    Enough,
    /// Others have their turn, at least until then.
    OthersFirst(UtcTime),
    /// This streamer ends.
    Ending,
}

impl From<Failure> for Unhealed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing { class: class @ (Class::Server | Class::Unreadable), reason } => {
                Self::Later(class, reason)
            }
            Failure::Passing { class, reason } => Self::Wait(class, reason),
            // The connection will report it too.
            Failure::Unauthorized(reason) => Self::Wait(Class::Server, reason),
            Failure::KeywordRefused(reason) => Self::KeywordRefused(reason),
            Failure::OutOfReach(reason) => Self::OutOfReach(reason),
            Failure::InvalidRequest(reason) | Failure::Final(reason) => Self::Refused(reason),
        }
    }
}
