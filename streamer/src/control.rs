//! Control: what is desired, and whether this streamer still may read.

use std::collections::BTreeSet;
use std::time::Duration;

use posts::{CloseQueue, Keyword, Lease, StreamStatusTable, TableError, UtcTime};
use tokio::sync::watch;

use crate::progress::Progress;

/// How long a lease holds without being renewed: longer than renewing and ending take together.
pub(crate) const LEASE_TIME: Duration = Duration::from_secs(40);

/// How often the lease is renewed and the state is told.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Follows what is desired: looks when the close queue says so, and every 20 s anyway, for that is
/// how long a poll lasts. Returns when nothing is desired any more.
pub(crate) async fn follow_desired(
    status: StreamStatusTable,
    queue: CloseQueue,
    desired: watch::Sender<BTreeSet<Keyword>>,
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
pub(crate) async fn desired_keywords(status: &StreamStatusTable) -> Result<BTreeSet<Keyword>, TableError> {
    Ok(status.keywords().await?.into_iter().map(|keyword| keyword.keyword).collect())
}

/// Holds the lease and tells the state. Returns when the lease is lost, or might be: when it could
/// not be renewed for most of its time.
pub(crate) async fn heartbeat(status: StreamStatusTable, lease: Lease, progress: Progress) {
    let mut states = progress.subscribe();
    let mut beats = tokio::time::interval(HEARTBEAT);
    let mut failures = 0;
    loop {
        tokio::select! {
            _ = beats.tick() => match status.renew_lease(&lease, UtcTime::now(), LEASE_TIME).await {
                Ok(true) => failures = 0,
                Ok(false) => return,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "could not renew the lease");
                    if failures == 3 {
                        return;
                    }
                }
            },
            _ = states.changed() => {}
        }
        if let Err(error) = status.save_report(&progress.report(UtcTime::now())).await {
            tracing::warn!(%error, "could not save the state");
        }
    }
}
