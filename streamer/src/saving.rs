//! Saving how far reading has come.

use std::time::Duration;

use stream::{Fenced, Lease, StreamStatusTable};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::ledger::Ledger;
use crate::source::RequestedKeywords;

/// How often it is saved how far reading has come. What comes between two saves is fetched again after a crash.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// How often it is saved what each keyword has brought; and if a keyword has a budget of its own, or earlier counts are yet to be read. A crash
/// forgets what came since.
const SAVE_TALLY_EVERY: Duration = Duration::from_secs(60);
const SAVE_BUDGETS_EVERY: Duration = Duration::from_secs(4);

/// How long that may take: the cursors wait.
const TALLY_TIME: Duration = Duration::from_secs(2);

/// Saves every two seconds how far reading has come, if it has come further, and every minute what each keyword has brought. Returns
/// when the lease is lost.
pub(crate) async fn save_reading(
    status: StreamStatusTable,
    lease: Lease,
    ledger: Ledger,
    requested: watch::Receiver<RequestedKeywords>,
) {
    let mut saved = None;
    let mut saved_tally = ledger.tallies.snapshot();
    let mut tally_saved = Instant::now();
    let mut saves = tokio::time::interval(SAVE_EVERY);
    saves.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        saves.tick().await;
        let reading = ledger.snapshot();
        if saved.as_ref() != Some(&reading) {
            match status.save_reading(&reading, &lease).await {
                Ok(Fenced::Written) => saved = Some(reading),
                Ok(Fenced::LeaseLost) => return,
                // Until the next save succeeds, a crash means fetching more again.
                Err(error) => tracing::warn!(%error, "could not save the cursors"),
            }
        }
        let has_budgets = requested.borrow().values().any(|state| state.max_posts_a_day.is_some());
        let to_save = ledger.tallies.to_save();
        let is_soon = has_budgets || to_save.is_none();
        if tally_saved.elapsed() >= if is_soon { SAVE_BUDGETS_EVERY } else { SAVE_TALLY_EVERY } {
            tally_saved = Instant::now();
            let Some(tally) = to_save else {
                match tokio::time::timeout(TALLY_TIME, status.tally()).await {
                    Ok(Ok(saved)) => {
                        saved_tally = saved.clone();
                        ledger.tallies.add_saved(saved);
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "could not read what the keywords have brought"),
                    Err(_) => tracing::warn!("reading what the keywords have brought took too long"),
                }
                continue;
            };
            let save = status.save_tally(&tally, &saved_tally, &lease);
            match tokio::time::timeout(TALLY_TIME, save).await {
                Ok(Ok(Fenced::Written)) => saved_tally = tally,
                Ok(Ok(Fenced::LeaseLost)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "could not save what the keywords have brought"),
                Err(_) => tracing::warn!("saving what the keywords have brought took too long"),
            }
        }
    }
}
