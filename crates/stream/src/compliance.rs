//! How far the check has come whether stored posts were taken back: batch compliance.
//!
//! A check goes through TweetsTable once a day, one job at the source after another. Everything that the next step needs is in one
//! item, so a step may be made by any process, and one that died is made again.

use std::time::Duration;

use posts::tweets::ItemPosition;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Saved, StreamStatusTable, Versioned};

const COMPLIANCE: &str = "compliance";

/// The state of checking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// Since when checks are made: when this item was first written.
    pub since: UtcTime,
    /// The check that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The last check that went through the whole table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<FinishedCheck>,
    /// What keeps the check from going on; absent if nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// A process makes a step until then, at the latest; others wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_until: Option<UtcTime>,
    /// How often this item has been written.
    #[serde(default)]
    pub version: u64,
}

/// A check that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// When it began.
    pub begun_at: UtcTime,
    /// It has come to this item of TweetsTable; absent at the table's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ItemPosition>,
    /// The job at the source about the posts that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// What it has come to so far.
    #[serde(default)]
    pub outcome: CheckOutcome,
}

/// A job at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id there.
    pub id: String,
    /// When it was created.
    pub created_at: UtcTime,
    /// It is about the posts up to this item; absent if they reach to the table's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ItemPosition>,
    /// How many posts it is about.
    pub posts: u64,
    /// Whether X has its ids.
    #[serde(default, rename = "uploaded")]
    pub is_uploaded: bool,
    /// How many bytes of its result have been followed.
    #[serde(default)]
    pub followed: u64,
}

/// A check that went through the whole table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FinishedCheck {
    /// When it began: whatever was stored before has been checked since.
    pub begun_at: UtcTime,
    /// When it ended.
    pub ended_at: UtcTime,
    /// What it has come to.
    pub outcome: CheckOutcome,
}

/// What a check has come to. Where a process died in the middle of a step, some of what that step did is not counted here; the statistics
/// count it all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct CheckOutcome {
    /// Posts that were checked.
    pub checked: u64,
    /// Jobs at X that ended well.
    pub jobs: u64,
    /// Jobs at X that failed, expired, or were forgotten there; each was repeated.
    pub jobs_failed: u64,
    /// Posts removed because their authors deleted them.
    pub deleted: u64,
    /// Posts removed because their authors' accounts became private.
    pub protected: u64,
    /// Posts removed because their authors' accounts were suspended.
    pub suspended: u64,
    /// Posts removed because they failed one of X's checks.
    pub bounced: u64,
    /// Posts removed because X said so, for another reason or for none.
    pub other: u64,
    /// Posts whose country was taken off because their authors took the place off.
    pub scrub_geo: u64,
    /// Lines of X's answers about posts that are not stored, or no longer, or of which nothing was left to take back.
    pub not_needed: u64,
    /// Lines of X's answers that could not be read, or ask for what this version does not know. They were skipped.
    pub skipped: u64,
}

/// What keeps a check from going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// Since when.
    pub since: UtcTime,
    /// The latest reason.
    pub reason: String,
    /// How many attempts in a row have failed.
    pub attempts: u32,
    /// When the next one is made.
    pub next_at: UtcTime,
}

impl Compliance {
    /// The state in which checking begins.
    #[must_use]
    pub fn new(now: UtcTime) -> Self {
        Self { since: now, check: None, last: None, trouble: None, busy_until: None, version: 0 }
    }

    /// Notes that an attempt failed. The next one is made after a minute, then later each time, up to an hour; not before `not_before`.
    pub fn failed(&mut self, reason: String, not_before: Option<UtcTime>, now: UtcTime) {
        const FIRST: Duration = Duration::from_secs(60);
        const LONGEST: Duration = Duration::from_secs(60 * 60);
        let (since, attempts) =
            self.trouble.as_ref().map_or((now, 0), |trouble| (trouble.since, trouble.attempts));
        let wait = FIRST.saturating_mul(1 << attempts.min(6)).min(LONGEST);
        let next_at = now.after(wait).max(not_before.unwrap_or(now));
        self.trouble = Some(Trouble { since, reason, attempts: attempts.saturating_add(1), next_at });
    }

    /// How long ago a check last went through the whole table, or since when none has.
    #[must_use]
    pub fn age(&self, now: UtcTime) -> Duration {
        now.since(self.last.as_ref().map_or(self.since, |last| last.ended_at))
    }
}

impl CheckOutcome {
    /// Adds what another part has come to.
    pub fn add(&mut self, other: Self) {
        let Self {
            checked,
            jobs,
            jobs_failed,
            deleted,
            protected,
            suspended,
            bounced,
            other: other_reasons,
            scrub_geo,
            not_needed,
            skipped,
        } = other;
        self.checked += checked;
        self.jobs += jobs;
        self.jobs_failed += jobs_failed;
        self.deleted += deleted;
        self.protected += protected;
        self.suspended += suspended;
        self.bounced += bounced;
        self.other += other_reasons;
        self.scrub_geo += scrub_geo;
        self.not_needed += not_needed;
        self.skipped += skipped;
    }
}

impl Versioned for Compliance {
    fn version(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl StreamStatusTable {
    /// The state of checking; `None` if it has never begun.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn compliance(&self) -> Result<Option<Compliance>, TableError> {
        let item = self.item(COMPLIANCE, "read how far the check of compliance is").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }

    /// Writes the state as the next version of what was read, unless another process has written one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_compliance(&self, state: &mut Compliance) -> Result<Saved, TableError> {
        self.save_next(COMPLIANCE, state, "save how far the check of compliance is").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_that_fail_are_made_ever_more_rarely_up_to_an_hour_apart() {
        let now: UtcTime = "2026-11-27T00:00:00Z".parse().unwrap();
        let mut state = Compliance::new(now);
        let mut waits = Vec::new();
        for _ in 0..9 {
            state.failed("no".to_owned(), None, now);
            waits.push(state.trouble.as_ref().unwrap().next_at.since(now).as_secs() / 60);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let reset = now.after(Duration::from_secs(2 * 60 * 60));
        state.failed("later".to_owned(), Some(reset), now.after(Duration::from_secs(60)));
        let trouble = state.trouble.unwrap();
        assert_eq!((trouble.next_at, trouble.since, trouble.attempts), (reset, now, 10));
    }

    #[test]
    fn the_age_counts_from_the_last_check_that_ended_or_from_the_first_attempt() {
        let now: UtcTime = "2026-11-27T00:00:00Z".parse().unwrap();
        let hours = |hours: u64| now.after(Duration::from_secs(hours * 3600));
        let mut state = Compliance::new(now);
        assert_eq!(state.age(hours(3)).as_secs(), 3 * 3600);
        let (begun_at, ended_at) = (hours(4), hours(5));
        state.last = Some(FinishedCheck { begun_at, ended_at, outcome: CheckOutcome::default() });
        assert_eq!(state.age(hours(6)).as_secs(), 3600);
    }
}
