//! Checking once a day whether stored posts were taken back: X's batch compliance.
//!
//! The check goes through TweetsTable, a job at X after another ([`ids`]), and follows what X answers ([`result`]). Each step depends on the
//! state in StreamStatusTable and on X alone: it may be made at any time and by any process, and one that died is made again.

mod ids;
mod job;
mod result;

use std::time::Duration;

use posts::tweets::TweetsTable;
use service::tables::TableError;
use stream::Saved;
use stream::StreamStatusTable;
use stream::compliance::{Check, CheckOutcome, Compliance, FinishedCheck};
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::error::causes;
use crate::state::ControlApi;
use crate::x_api::NoClient;

/// How long after a check began the next one begins. What is taken back is gone within a day, which leaves two hours for the check.
const CHECK_EVERY: Duration = Duration::from_secs(22 * 60 * 60);

/// How much longer than its time a step may take, until it is cut off; only then may another process make one.
const MARGIN: Duration = Duration::from_secs(5);

/// Why a check did not go on. The next minute tries again.
#[derive(Debug, thiserror::Error)]
pub enum ComplianceError {
    /// A table could not be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// X's bearer token could not be read.
    #[error("failed to check compliance: {0}")]
    Token(String),
}

/// Whether there is more to do now.
enum Next {
    GoOn,
    /// Not before the next minute, or the time is up.
    Wait,
    /// Another process has taken over.
    Outdated,
}

/// What is wrong at X, for people to read. It is tried again later.
struct Failed {
    reason: String,
    /// Not before then, if X says so.
    not_before: Option<UtcTime>,
}

/// Why a step was not completed.
enum Stopped {
    Table(TableError),
    AtX(Failed),
}

impl From<TableError> for Stopped {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

/// A process's turn at the check.
struct Turn<'a> {
    tweets: &'a TweetsTable,
    status: &'a StreamStatusTable,
    x: x::Client,
    state: Compliance,
    /// When the turn ends.
    until: Instant,
}

/// Goes on with the check, until `until`, or until there is nothing to do for now. Does nothing if posts do not come from X, or if another
/// process is at it.
///
/// # Errors
/// [`ComplianceError`]. What X refuses is no error: it is on record, and `GET /stream` shows it.
pub async fn check_compliance(api: &ControlApi, until: Instant) -> Result<(), ComplianceError> {
    let Some(x_api) = &api.x else { return Ok(()) };
    let now = UtcTime::now();
    let mut state = api.streams.x().compliance().await?.unwrap_or_else(|| Compliance::new(now));
    if !is_due(&state, now) {
        return Ok(());
    }
    let left = until.saturating_duration_since(Instant::now());
    state.busy_until = Some(now.after(left + MARGIN));
    if api.streams.x().save_compliance(&mut state).await? == Saved::Outdated {
        return Ok(());
    }
    let x = match x_api.client().await {
        Ok(x) => x,
        Err(reason) => {
            state.failed(reason.at_x()?, None, now);
            state.busy_until = None;
            api.streams.x().save_compliance(&mut state).await?;
            return Ok(());
        }
    };
    let mut turn = Turn { tweets: &api.tweets, status: api.streams.x(), x, state, until };
    let made = tokio::time::timeout_at(until + MARGIN, turn.make()).await;
    made.unwrap_or_else(|_| {
        tracing::warn!("a step of the compliance check was cut off; the next minute makes it again");
        Ok(())
    })
}

/// Whether there is something to do, for this process.
fn is_due(state: &Compliance, now: UtcTime) -> bool {
    let is_free = state.busy_until.is_none_or(|until| until <= now);
    let may_try = state.trouble.as_ref().is_none_or(|trouble| trouble.next_at <= now);
    let is_time = state.last.as_ref().is_none_or(|last| last.begun_at.after(CHECK_EVERY) <= now);
    is_free && may_try && (state.check.is_some() || is_time)
}

impl NoClient {
    /// The reason for people to read, unless a service behind the API failed.
    fn at_x(self) -> Result<String, ComplianceError> {
        if self.is_backend_failure() {
            Err(ComplianceError::Token(causes(&self)))
        } else {
            Ok(self.to_string())
        }
    }
}

impl Turn<'_> {
    /// Makes steps, and records how far they have come.
    async fn make(&mut self) -> Result<(), ComplianceError> {
        let stopped = loop {
            match self.step().await {
                Ok(Next::GoOn) if Instant::now() < self.until => {}
                Ok(Next::GoOn | Next::Wait) => break None,
                Ok(Next::Outdated) => return Ok(()),
                Err(stopped) => break Some(stopped),
            }
        };
        let error = match stopped {
            None => {
                self.state.trouble = None;
                None
            }
            Some(Stopped::AtX(Failed { reason, not_before })) => {
                tracing::warn!(reason, "the compliance check does not go on for now");
                self.state.failed(reason, not_before, UtcTime::now());
                None
            }
            Some(Stopped::Table(error)) => Some(error),
        };
        self.state.busy_until = None;
        let saved = self.save().await;
        error.map_or(Ok(()), |error| Err(error.into())).and(saved.map(|_| ()).map_err(ComplianceError::from))
    }

    async fn step(&mut self) -> Result<Next, Stopped> {
        let check = self.state.check.get_or_insert_with(|| Check {
            begun_at: UtcTime::now(),
            after: None,
            job: None,
            outcome: CheckOutcome::default(),
        });
        match check.job.clone() {
            None => self.create_job().await,
            Some(job) => self.attend_to(job).await,
        }
    }

    /// Goes on behind `through`, or ends the check if that is the table's end.
    async fn pass(&mut self, through: Option<posts::tweets::ItemPosition>) -> Result<Next, Stopped> {
        let Some(check) = &mut self.state.check else { return Ok(Next::Wait) };
        check.job = None;
        let is_end = through.is_none();
        check.after = through;
        if is_end && let Some(Check { begun_at, outcome, .. }) = self.state.check.take() {
            tracing::info!(?outcome, "a compliance check has gone through all posts");
            self.state.last = Some(FinishedCheck { begun_at, ended_at: UtcTime::now(), outcome });
        }
        Ok(match self.save().await? {
            Saved::Saved if is_end => Next::Wait,
            Saved::Saved => Next::GoOn,
            Saved::Outdated => Next::Outdated,
        })
    }

    async fn save(&mut self) -> Result<Saved, TableError> {
        self.status.save_compliance(&mut self.state).await
    }
}

impl Failed {
    /// What X, or the way to X, failed with.
    fn at_x(doing: &str, error: &json_api::Error, limit: Option<json_api::RateLimit>) -> Self {
        Self {
            reason: format!("failed to {doing}: {error}"),
            not_before: limit.filter(|_| is_rate_limit(error)).and_then(json_api::RateLimit::used_up_until),
        }
    }
}

impl From<Failed> for Stopped {
    fn from(failed: Failed) -> Self {
        Self::AtX(failed)
    }
}

fn is_rate_limit(error: &json_api::Error) -> bool {
    matches!(error, json_api::Error::Refused(refusal) if refusal.status.as_u16() == 429)
}
