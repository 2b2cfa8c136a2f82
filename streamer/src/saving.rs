//! Saving how far reading has come.

use std::time::Duration;

use stream::{Fenced, Lease, StreamStatusTable};

use crate::ledger::Ledger;

/// How often it is saved how far reading has come. What comes between two saves is fetched again after a crash.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Saves every two seconds how far reading has come, if it has come further. Returns when the lease is lost.
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
            // Until the next save succeeds, a crash means fetching more again.
            Err(error) => tracing::warn!(%error, "could not save the cursors"),
        }
    }
}
