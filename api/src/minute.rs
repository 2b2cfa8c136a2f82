//! What is done every minute: reconciling, restating recent counts, tidying up, and reporting for the alarms.

use std::time::Duration;

use posts::metrics::Published;
use posts::publish::PublishError;
use service::own_metrics::{EmbeddedMetrics, Gauge};
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::asked::AskedForCounts;
use stream::gaps::GapState;
use stream::report::WaitingFor;
use stream::restated::{Restated, RestatingTo};
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::reconcile::{ReconcileError, reconcile};
use crate::spending::Spending;
use crate::state::ControlApi;

/// How long an open gap is counted for the alarm: the gap stays open, the alarm need not.
const GAP_REPORTED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long restating may take in one minute.
const RESTATE_TIME: Duration = Duration::from_secs(30);

/// How much is restated before progress is saved.
const RESTATED_AT_ONCE: Duration = Duration::from_secs(3 * 60 * 60);

/// How many gaps are checked for stopped keywords in one minute.
const GAPS_CHECKED: i32 = 1_000;

/// How far back the very first run restates.
const FIRST_RESTATED: Duration = Duration::from_secs(2 * 60 * 60);

/// Why a part of the minute's work failed. The next minute tries again.
#[derive(Debug, thiserror::Error)]
pub enum MinuteError {
    /// The running tasks could not be made to match the requested keywords.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    /// Recent counts could not be restated.
    #[error(transparent)]
    Restate(#[from] PublishError),
    /// StreamStatusTable could not be read or written.
    #[error(transparent)]
    Status(#[from] TableError),
    /// The dead letters could not be counted.
    #[error("failed to count the dead letters: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
}

/// Reconciles, restates what was counted since the last time, tidies up after keywords that were stopped, and reports to
/// `own_metrics` what an operator must know. If one part fails, the others are still done. The cost does not grow with the
/// age of the data.
///
/// # Errors
/// The first failure; all are logged.
pub async fn every_minute(api: &ControlApi, own_metrics: &EmbeddedMetrics) -> Result<(), MinuteError> {
    let now = UtcTime::now();
    let reconciled = reconcile(api).await.map(|_| ()).map_err(MinuteError::from);
    let tidied = tidy(api).await.map_err(MinuteError::from);
    let reported = report(api, own_metrics, now).await;
    // Last, because after a long outage it takes long.
    let restated = restate(api, now).await;
    let mut outcome = Ok(());
    for error in [reconciled, restated, tidied, reported].into_iter().filter_map(Result::err) {
        tracing::error!(%error, "a part of the minute's work failed");
        outcome = outcome.and(Err(error));
    }
    outcome
}

/// Restates what was counted since counts were last restated, some hours at a time, as long as there is time: after an
/// outage of CloudWatch, and after posts of many hours were stored at once, each minute continues where the previous one ended.
async fn restate(api: &ControlApi, now: UtcTime) -> Result<(), MinuteError> {
    let end = Instant::now() + RESTATE_TIME;
    let mut restated = match api.streams.of_all().restated().await? {
        Some(restated) => restated,
        None => {
            // Noted before anything is published: during an outage, the next minute must not begin later.
            let first = Restated { through: now.before(FIRST_RESTATED), under_way: None };
            api.streams.of_all().save_restated(first).await?;
            first
        }
    };
    while restated.through < now {
        let since = restated.through;
        let (until, from) = match restated.under_way {
            Some(RestatingTo { until, next }) => (until, Some(next)),
            None => (since.after(RESTATED_AT_ONCE).min(now), None),
        };
        let hours = api.publisher.changed(since, until, now).await?;
        let hours = hours.into_iter().filter(|hour| from.is_none_or(|from| *hour >= from));
        let (Published { values, out_of_reach }, next) = api.publisher.restate_hours(hours, now, end).await?;
        tracing::info!(values, hours_out_of_reach = out_of_reach.len(), "restated recent counts");
        restated = match next {
            Some(next) => Restated { through: since, under_way: Some(RestatingTo { until, next }) },
            None => Restated { through: until, under_way: None },
        };
        api.streams.of_all().save_restated(restated).await?;
        if next.is_some() {
            tracing::warn!(%since, "more counts are to be restated; the next minute continues");
            break;
        }
    }
    Ok(())
}

/// Deletes keywords that were stopped together, and abandons the gaps of stopped keywords.
async fn tidy(api: &ControlApi) -> Result<(), TableError> {
    for each in api.all_streams() {
        each.stream.status.delete_stopped_keywords().await?;
        abandon_gaps(&each.stream.status).await?;
    }
    Ok(())
}

/// Abandons gaps that wait to be healed although their keyword was stopped.
async fn abandon_gaps(status: &StreamStatusTable) -> Result<(), TableError> {
    let healing = status.gaps(GapState::Healing, GAPS_CHECKED, None).await?.gaps;
    if healing.is_empty() {
        return Ok(());
    }
    let requested = status.keywords().await?;
    for gap in healing {
        if requested.binary_search_by(|requested| requested.keyword.cmp(&gap.keyword)).is_err() {
            status.change_gap(&gap, &gap.abandoned()).await?;
        }
    }
    Ok(())
}

/// What the alarms watch of a stream, or of all.
#[derive(Clone, Copy, Debug, Default)]
struct Condition {
    gaps_open: usize,
    gaps_healing: usize,
    /// Keywords are requested, and nobody reads them.
    is_unread: bool,
    is_out_of_credits: bool,
    /// In percent, of the budget of which most is used.
    budget_used: Option<f64>,
}

impl Condition {
    /// The condition of the stream with this `status`.
    async fn of(status: &StreamStatusTable, now: UtcTime) -> Result<Self, TableError> {
        let is_requested = status.has_keywords().await?;
        let is_stopped = status.launch().await?.stopped_by_hand.is_some();
        let is_read = status.lease_holder().await?.is_some_and(|holder| holder.until > now);
        let last_report = status.report().await?;
        let waiting_for = last_report.as_ref().and_then(|report| report.waiting_for);
        let is_unpaid = matches!(waiting_for, Some(WaitingFor::Credits | WaitingFor::MonthlyCap));
        let last_report = last_report.as_ref();
        // Budgets are of posts: what asking has cost makes no difference.
        let asked = AskedForCounts::default();
        let budgets =
            [Spending::today(last_report, asked, now), Spending::this_month(last_report, asked, now)];
        Ok(Self {
            gaps_open: status.count_gaps(GapState::Open, Some(now.before(GAP_REPORTED))).await?,
            gaps_healing: status.count_gaps(GapState::Healing, None).await?,
            is_unread: is_requested && !is_read && !is_stopped,
            is_out_of_credits: is_read && is_unpaid,
            budget_used: budgets.iter().filter_map(Spending::percent_used).reduce(f64::max),
        })
    }

    /// Of both: the sum, or the worse.
    fn and(self, other: Self) -> Self {
        Self {
            gaps_open: self.gaps_open + other.gaps_open,
            gaps_healing: self.gaps_healing + other.gaps_healing,
            is_unread: self.is_unread || other.is_unread,
            is_out_of_credits: self.is_out_of_credits || other.is_out_of_credits,
            budget_used: self.budget_used.into_iter().chain(other.budget_used).reduce(f64::max),
        }
    }
}

/// Reports what the alarms watch.
async fn report(api: &ControlApi, own_metrics: &EmbeddedMetrics, now: UtcTime) -> Result<(), MinuteError> {
    let mut all = Condition::default();
    for each in api.streams.iter() {
        all = all.and(Condition::of(&each.stream.status, now).await?);
    }
    let dead_letters = api.dead_letters.count().await?;
    let mut values = vec![
        (Gauge::GAPS_OPEN, all.gaps_open as f64),
        (Gauge::GAPS_HEALING, all.gaps_healing as f64),
        (Gauge::UNREAD, f64::from(u8::from(all.is_unread))),
        (Gauge::DEAD_LETTERS, dead_letters as f64),
        (Gauge::OUT_OF_CREDITS, f64::from(u8::from(all.is_out_of_credits))),
    ];
    values.extend(all.budget_used.map(|used| (Gauge::BUDGET_USED, used)));
    if api.x.is_some() {
        let compliance = api.streams.x().compliance().await?;
        values.extend(compliance.map(|state| (Gauge::COMPLIANCE_AGE, state.age(now).as_secs() as f64)));
    }
    own_metrics.say(&values, now);
    Ok(())
}
