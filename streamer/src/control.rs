//! Control: what is desired, and whether this streamer still may read.

use std::time::Duration;

use service::own_metrics::{EmbeddedMetrics, Gauge};
use service::tables::TableError;
use stream::close_queue::CloseQueue;
use stream::{Fenced, Lease, StreamStatusTable};
use tokio::sync::watch;
use utc_time::UtcTime;

use crate::lease::{LEASE_TIME, LeaseGuard, Moment};
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::read::{Desired, Wanted};

/// How often the lease is renewed and the state is told.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How often the figures of a new state are told again, and after which waits: somebody looks at them then.
const SOON: usize = 4;
const SOON_WAIT: Duration = Duration::from_secs(2);

/// How long reading how the consumer fares may take.
const STORING_TIME: Duration = Duration::from_secs(2);

/// How often it is noted how far reading came: what is fetched again after a crash is what came since.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Follows what is desired: looks when the close queue says so, and every 20 s anyway, for that is
/// how long a poll lasts. Returns when nothing is desired any more.
pub(crate) async fn follow_desired(
    status: StreamStatusTable,
    queue: CloseQueue,
    desired: watch::Sender<Desired>,
) {
    const AFTER_AN_ERROR: Duration = Duration::from_secs(5);
    loop {
        if let Err(error) = queue.wait().await {
            tracing::warn!(error = %aws_sdk_sqs::error::DisplayErrorContext(&error), "could not poll the close queue");
            tokio::time::sleep(AFTER_AN_ERROR).await;
        }
        match desired_keywords(&status).await {
            Ok(keywords) if keywords.is_empty() => return,
            Ok(keywords) => {
                desired.send_if_modified(|present| {
                    let changed = *present != keywords;
                    *present = keywords;
                    changed
                });
            }
            Err(error) => tracing::warn!(%error, "could not read the desired keywords"),
        }
    }
}

/// The desired keywords.
pub(crate) async fn desired_keywords(status: &StreamStatusTable) -> Result<Desired, TableError> {
    let keywords = status.keywords().await?;
    let wanted = keywords.into_iter().map(|status| {
        (status.keyword, Wanted { started: status.started_at, missing_from: status.missing_from })
    });
    Ok(wanted.collect())
}

/// Holds the lease and tells the state. Returns when the lease is lost, or might be.
pub(crate) async fn heartbeat(
    status: StreamStatusTable,
    lease: Lease,
    guard: LeaseGuard,
    progress: Progress,
    own_metrics: EmbeddedMetrics,
) {
    let mut states = progress.subscribe();
    let mut beats = tokio::time::interval(HEARTBEAT);
    // After a machine slept there is one beat to make, not all that were missed.
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut told, mut storing) = (None, None);
    let mut soon = 0;
    loop {
        let mut is_beat = false;
        tokio::select! {
            _ = beats.tick() => {
                is_beat = true;
                let asked = Moment::now();
                match status.renew_lease(&lease, UtcTime::now(), LEASE_TIME).await {
                    Ok(true) => guard.renewed(asked),
                    Ok(false) => return,
                    Err(error) => tracing::warn!(%error, "could not renew the lease"),
                }
                if !guard.holds() {
                    return;
                }
            }
            _ = states.changed() => soon = SOON,
            () = tokio::time::sleep(SOON_WAIT), if soon > 0 => soon -= 1,
        }
        // A figure must not keep the lease from being renewed.
        match tokio::time::timeout(STORING_TIME, status.storing()).await {
            Ok(Ok(now_storing)) => storing = now_storing,
            Ok(Err(error)) => tracing::warn!(%error, "could not read how the consumer fares"),
            Err(_) => tracing::warn!("could not read in time how the consumer fares"),
        }
        let report = progress.report(told.as_ref(), storing.as_ref(), UtcTime::now());
        if is_beat {
            let lag = report.lag_ms.map(|lag_ms| (Gauge::STREAMER_LAG, lag_ms as f64));
            let values = [(Gauge::POSTS_READ, report.posts_per_second)].into_iter().chain(lag);
            own_metrics.say(&values.collect::<Vec<_>>(), report.heartbeat_at);
        }
        match status.save_report(&report, &lease).await {
            Ok(Fenced::Written) => told = Some(report),
            Ok(Fenced::LeaseLost) => return,
            Err(error) => tracing::warn!(%error, "could not save the state"),
        }
    }
}

/// Notes every two seconds how far reading came, if it came further. Returns when the lease is lost.
pub(crate) async fn save_reading(status: StreamStatusTable, lease: Lease, ledger: Ledger) {
    let mut saved = None;
    let mut saves = tokio::time::interval(SAVE_EVERY);
    saves.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        saves.tick().await;
        let reading = ledger.snapshot();
        if saved.as_ref() == Some(&reading) {
            continue;
        }
        match status.save_reading(&reading, &lease).await {
            Ok(Fenced::Written) => saved = Some(reading),
            Ok(Fenced::LeaseLost) => return,
            // Until the next time, more is fetched again.
            Err(error) => tracing::warn!(%error, "could not note how far reading came"),
        }
    }
}
