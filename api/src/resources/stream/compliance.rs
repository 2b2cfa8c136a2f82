//! What `GET /stream` says of checking whether posts were taken back.

use serde::Serialize;
use stream::compliance::{Check, CheckOutcome, Compliance as State, FinishedCheck, Trouble};
use utc_time::UtcTime;
use utoipa::ToSchema;

/// Checking whether posts were taken back at X: every 22 hours, all of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compliance {
    /// Posts that were stored at this time or later may not have been checked yet; all others have. Null until a check has gone through
    /// all posts.
    unchecked_since: Option<UtcTime>,
    /// The last check that went through all posts; null if none has.
    last_check: Option<FinishedCheck>,
    /// The check that is under way; null between two checks.
    under_way: Option<CheckUnderWay>,
    /// What keeps the check from going on; null if nothing does.
    trouble: Option<Trouble>,
}

/// A check that is under way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CheckUnderWay {
    /// When it began.
    begun_at: UtcTime,
    /// How many posts X is looking at now.
    asked_about: u64,
    /// What it has come to so far.
    outcome: CheckOutcome,
}

impl From<State> for Compliance {
    fn from(State { check, last, trouble, since: _, busy_until: _, version: _ }: State) -> Self {
        let under_way = check.map(|Check { begun_at, job, outcome, after: _ }| CheckUnderWay {
            begun_at,
            asked_about: job.map_or(0, |job| job.posts),
            outcome,
        });
        Self {
            unchecked_since: last.as_ref().map(|last| last.begun_at),
            last_check: last,
            under_way,
            trouble,
        }
    }
}
