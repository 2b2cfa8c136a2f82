//! The heartbeat: renews the lease and writes the report.

use std::time::Duration;

use service::own_metrics::{EmbeddedMetrics, Gauge};
use stream::lease::Renewal;
use stream::{Fenced, Lease, StreamStatusTable};
use utc_time::UtcTime;

use crate::lease::{BothClocks, LEASE_TIME, LeaseGuard};
use crate::progress::Progress;

/// How often the lease is renewed and the report is written.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// After a change of state, the report is written again after each of these waits: somebody is watching then.
const SOON: usize = 4;
const SOON_WAIT: Duration = Duration::from_secs(2);

/// How long reading the consumer's lag may take.
const STORING_TIME: Duration = Duration::from_secs(2);

/// Renews the lease and writes the report. Returns when the lease is lost, or may be.
pub(crate) async fn heartbeat(
    status: StreamStatusTable,
    lease: Lease,
    guard: LeaseGuard,
    progress: Progress,
    own_metrics: EmbeddedMetrics,
) {
    let mut states = progress.subscribe();
    let mut beats = tokio::time::interval(HEARTBEAT);
    // After the machine slept, one beat is due, not all that were missed.
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut told, mut storing) = (None, None);
    let mut soon = 0;
    loop {
        let mut is_beat = false;
        tokio::select! {
            _ = beats.tick() => {
                is_beat = true;
                let asked = BothClocks::now();
                match status.renew_lease(&lease, UtcTime::now(), LEASE_TIME).await {
                    Ok(Renewal::Renewed) => guard.renewed(asked),
                    Ok(Renewal::Lost) => return,
                    Err(error) => tracing::warn!(%error, "could not renew the lease"),
                }
                if !guard.holds() {
                    return;
                }
            }
            _ = states.changed() => soon = SOON,
            () = tokio::time::sleep(SOON_WAIT), if soon > 0 => soon -= 1,
        }
        // Reading a figure must not keep the lease from being renewed.
        match tokio::time::timeout(STORING_TIME, status.of_all().storing()).await {
            Ok(Ok(now_storing)) => storing = now_storing,
            Ok(Err(error)) => tracing::warn!(%error, "could not read the consumer's lag"),
            Err(_) => tracing::warn!("reading the consumer's lag took too long"),
        }
        let report = progress.report(told.as_ref(), storing.as_ref(), UtcTime::now());
        if is_beat {
            let lag = report.lag_ms.map(|lag_ms| (Gauge::STREAMER_LAG, lag_ms as f64));
            let refused = progress.take_refused_requests() as f64;
            let values = [(Gauge::POSTS_READ, report.posts_per_second), (Gauge::REQUESTS_REFUSED, refused)];
            let values = values.into_iter().chain(lag);
            own_metrics.say(&values.collect::<Vec<_>>(), report.heartbeat_at);
        }
        match status.save_report(&report, &lease).await {
            Ok(Fenced::Written) => told = Some(report),
            Ok(Fenced::LeaseLost) => return,
            Err(error) => tracing::warn!(%error, "could not save the report"),
        }
    }
}
