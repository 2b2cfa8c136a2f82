//! What is done every minute.

use posts::{EmbeddedMetrics, Gap, GapState, Gauge, RestateError, Stated, TableError, UtcTime};

use crate::{ControlApi, ReconcileError, reconcile};

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
    let open = gaps.iter().filter(|Gap { state, .. }| *state != GapState::Closed).count();
    let dead_letters = api.dead_letters.count().await?;
    own_metrics.say(&[(Gauge::GAPS_OPEN, open as f64), (Gauge::DEAD_LETTERS, dead_letters as f64)], now);
    Ok(())
}
