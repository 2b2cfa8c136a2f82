//! What is done every minute.

use std::time::Duration;

use posts::metrics::Published;
use posts::publish::PublishError;
use service::own_metrics::{EmbeddedMetrics, Gauge};
use service::tables::TableError;
use stream::gaps::GapState;
use utc_time::UtcTime;

use tokio::time::Instant;

use crate::stream::today;
use crate::{ControlApi, ReconcileError, gaps, reconcile};

/// For how long an open gap is told of: it stays open, an alarm need not.
const GAPS_OF: Duration = Duration::from_secs(24 * 60 * 60);

/// How long re-stating may take, and how many hours are re-stated at once: what is noted then need not be done again.
const RESTATE_TIME: Duration = Duration::from_secs(30);
const RESTATED_AT_ONCE: Duration = Duration::from_secs(3 * 60 * 60);

/// How far back counts are stated where nothing was ever stated.
const AT_FIRST: Duration = Duration::from_secs(2 * 60 * 60);

/// Why something of a minute's work failed. The next minute does it again.
#[derive(Debug, thiserror::Error)]
pub enum MinuteError {
    /// The running tasks could not be made to match what is desired.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    /// The counts of late could not be stated again.
    #[error(transparent)]
    Restate(#[from] PublishError),
    /// The status table could not be read, or not written.
    #[error(transparent)]
    Status(#[from] TableError),
    /// The dead letters could not be counted.
    #[error("failed to count the dead letters: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
}

/// Reconciles, re-states what was counted since it last did so, tidies up after keywords that were stopped, and
/// says to `own_metrics` what an operator must know. What fails of it keeps nothing else from being done. What it
/// costs does not grow with time.
///
/// # Errors
/// The first of what failed; all of it is in the log.
pub async fn every_minute(api: &ControlApi, own_metrics: &EmbeddedMetrics) -> Result<(), MinuteError> {
    let now = UtcTime::now();
    let reconciled = reconcile(api).await.map(|_| ()).map_err(MinuteError::from);
    let tidied = tidy(api).await.map_err(MinuteError::from);
    let watched = watch(api, own_metrics, now).await;
    // Last, for it may have the counts of a long outage to state.
    let restated = restate(api, now).await;
    let mut outcome = Ok(());
    for error in [reconciled, restated, tidied, watched].into_iter().filter_map(Result::err) {
        tracing::error!(%error, "something of a minute's work failed");
        outcome = outcome.and(Err(error));
    }
    outcome
}

/// Re-states what was counted since the last time that all of it was stated, some hours at once, for as long as there
/// is time: after an outage of CloudWatch's, each minute goes on where the one before ended.
async fn restate(api: &ControlApi, now: UtcTime) -> Result<(), MinuteError> {
    let end = Instant::now() + RESTATE_TIME;
    let mut since = api.status.restated_through().await?.unwrap_or_else(|| now.before(AT_FIRST));
    loop {
        let until = since.after(RESTATED_AT_ONCE).min(now);
        let Ok(published) =
            tokio::time::timeout_at(end, api.publisher.restate_changed(since, until, now)).await
        else {
            tracing::warn!(%since, "there is more to re-state; the next minute goes on");
            return Ok(());
        };
        let Published { values, out_of_reach } = published?;
        tracing::info!(values, hours_out_of_reach = out_of_reach.len(), "re-stated the counts of late");
        api.status.save_restated_through(until).await?;
        since = until;
        if since >= now {
            return Ok(());
        }
    }
}

/// Keywords that were stopped all at once are deleted, and what waits to be healed of stopped ones is given up.
async fn tidy(api: &ControlApi) -> Result<(), TableError> {
    api.status.delete_stopped_keywords().await?;
    gaps::abandon(api).await
}

async fn watch(api: &ControlApi, own_metrics: &EmbeddedMetrics, now: UtcTime) -> Result<(), MinuteError> {
    let open = api.status.count_gaps(GapState::Open, Some(now.before(GAPS_OF))).await?;
    let healing = api.status.count_gaps(GapState::Healing, None).await?;
    let desired = api.status.has_keywords().await?;
    let read = api.status.lease_holder().await?.is_some_and(|holder| holder.until > now);
    let today = today(api.status.report().await?.as_ref(), now);
    let dead_letters = api.dead_letters.count().await?;
    let mut values = vec![
        (Gauge::GAPS_OPEN, open as f64),
        (Gauge::GAPS_HEALING, healing as f64),
        (Gauge::UNREAD, f64::from(u8::from(desired && !read))),
        (Gauge::DEAD_LETTERS, dead_letters as f64),
    ];
    if let Some(budget) = today.budget_posts {
        values.push((Gauge::BUDGET_USED, 100.0 * today.posts as f64 / budget as f64));
    }
    own_metrics.say(&values, now);
    Ok(())
}
