//! What a streamer has while it holds the lease, and how it gives the lease back.

use std::time::Duration;

use service::own_metrics::{EmbeddedMetrics, Gauge};
use stream::report::StreamState;
use stream::tally::Tally;
use stream::{Lease, StreamStatusTable};
use utc_time::UtcTime;

use crate::ended::{Ended, RunError};
use crate::lease::LeaseGuard;
use crate::ledger::Ledger;
use crate::progress::Progress;

/// How long each of the last writes may take: the cursors, the report, the lease. In all, a streamer ends within 25 s, which is
/// less than ECS waits before it kills a task (30 s by default).
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
pub(crate) const LAST_WRITE: Duration = Duration::from_secs(3);

/// What a streamer has while it holds the lease.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) guard: LeaseGuard,
    pub(crate) ledger: Ledger,
    pub(crate) progress: Progress,
    pub(crate) own_metrics: EmbeddedMetrics,
}

impl Held {
    /// Writes the last report and the cursors, and gives the lease back. Nothing is lost if that fails: the lease expires, and
    /// what the cursors have not passed is fetched again.
    pub(crate) async fn release(&self, outcome: &Result<Ended, RunError>) {
        let Self { status, lease, ledger, progress, .. } = self;
        match outcome {
            Ok(_) => progress.enter(StreamState::Stopped, None),
            Err(error) => progress.enter(StreamState::Failed, Some(error.to_string())),
        }
        let (reading, report) = (ledger.snapshot(), progress.report(None, None, UtcTime::now()));
        let refused = progress.take_refused_requests() as f64;
        self.own_metrics.say(&[(Gauge::REQUESTS_REFUSED, refused)], UtcTime::now());
        let writes = async {
            tokio::time::timeout(LAST_WRITE, status.save_reading(&reading, lease)).await??;
            tokio::time::timeout(LAST_WRITE, status.save_report(&report, lease)).await??;
            if let Some(tally) = ledger.tallies.to_save() {
                tokio::time::timeout(LAST_WRITE, status.save_tally(&tally, &Tally::new(), lease)).await??;
            }
            Ok::<(), anyhow::Error>(())
        };
        if let Err(error) = writes.await {
            tracing::error!(error = format!("{error:#}"), "could not save the last report and cursors");
        }
        give_back(status, lease).await;
    }
}

/// Gives the lease back. If that fails, it expires by itself.
pub(crate) async fn give_back(status: &StreamStatusTable, lease: &Lease) {
    let given_back = tokio::time::timeout(LAST_WRITE, status.release_lease(lease)).await;
    if let Err(error) = given_back.map_err(anyhow::Error::from).and_then(|done| Ok(done?)) {
        tracing::error!(error = format!("{error:#}"), "could not give the lease back; it expires by itself");
    }
}
