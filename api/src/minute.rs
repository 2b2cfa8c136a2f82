//! What is done every minute.

use std::time::Duration;

use posts::{EmbeddedMetrics, Gap, GapState, Gauge, RestateError, Stated, TableError, UtcTime};

use crate::stream::today;
use crate::{ControlApi, ReconcileError, reconcile};

/// For how long an open gap is told of: it stays open, an alarm need not.
const GAPS_OF: Duration = Duration::from_secs(24 * 60 * 60);

/// Why something of a minute's work failed. The next minute does it again.
#[derive(Debug, thiserror::Error)]
pub enum MinuteError {
    /// The running tasks could not be made to match what is desired.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    /// The counts of late could not be stated again.
    #[error(transparent)]
    Restate(#[from] RestateError),
    /// The gaps could not be counted.
    #[error(transparent)]
    Gaps(#[from] TableError),
    /// The dead letters could not be counted.
    #[error("failed to count the dead letters: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
}

/// Reconciles, re-states the counts of late, and says to `own_metrics` what an operator must know. What
/// fails of it keeps nothing else from being done.
///
/// # Errors
/// The first of what failed; all of it is in the log.
pub async fn every_minute(api: &ControlApi, own_metrics: &EmbeddedMetrics) -> Result<(), MinuteError> {
    let now = UtcTime::now();
    let reconciled = reconcile(api).await.map(|_| ()).map_err(MinuteError::from);
    let restated = api.restater.of_late(now).await.map(told).map_err(MinuteError::from);
    let watched = watch(api, own_metrics, now).await;
    let mut outcome = Ok(());
    for error in [reconciled, restated, watched].into_iter().filter_map(Result::err) {
        tracing::error!(%error, "something of a minute's work failed");
        outcome = outcome.and(Err(error));
    }
    outcome
}

fn told(Stated { values, out_of_reach }: Stated) {
    tracing::info!(values, hours_out_of_reach = out_of_reach.len(), "re-stated the counts of late");
}

async fn watch(api: &ControlApi, own_metrics: &EmbeddedMetrics, now: UtcTime) -> Result<(), MinuteError> {
    let gaps = api.status.gaps().await?;
    let desired = !api.status.keywords().await?.is_empty();
    let read = api.status.lease_holder().await?.is_some_and(|holder| holder.until > now);
    let today = today(api.status.report().await?.as_ref(), now);
    let dead_letters = api.dead_letters.count().await?;
    let count = |of: &dyn Fn(&Gap) -> bool| gaps.iter().filter(|gap| of(gap)).count() as f64;
    let late = now.before(GAPS_OF);
    let mut values = vec![
        (Gauge::GAPS_OPEN, count(&|gap| gap.state == GapState::Open && gap.to >= late)),
        (Gauge::GAPS_HEALING, count(&|gap| gap.state == GapState::Healing)),
        (Gauge::UNREAD, f64::from(u8::from(desired && !read))),
        (Gauge::DEAD_LETTERS, dead_letters as f64),
    ];
    if let Some(budget) = today.budget_posts {
        values.push((Gauge::BUDGET_USED, 100.0 * today.posts as f64 / budget as f64));
    }
    own_metrics.say(&values, now);
    Ok(())
}
