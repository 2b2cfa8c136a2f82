//! Noting how far reading came.

use std::time::Duration;

use stream::{Fenced, Lease, StreamStatusTable};

use crate::ledger::Ledger;

/// How often it is noted how far reading came: what is fetched again after a crash is what came since.
const SAVE_EVERY: Duration = Duration::from_secs(2);

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
