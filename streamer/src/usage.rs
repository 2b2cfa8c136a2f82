//! Asking the source what it has counted, to be compared with what was counted here.

use std::time::Duration;

use stream::report::SourceUsage;
use utc_time::UtcTime;

use crate::meter::Meter;
use crate::progress::Progress;
use crate::source::{Source, Usage};

/// How often the source is asked.
const ASK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Asks every hour, as long as the source counts; never ends.
pub(crate) async fn compare_usage<S: Source>(source: S, meter: Meter, progress: Progress) {
    loop {
        match source.usage().await {
            None => return std::future::pending().await,
            Some(Ok(usage)) => {
                let compared = compared(usage, &meter, UtcTime::now());
                tracing::info!(?compared, "the source's own count");
                progress.compare(compared);
            }
            // The connection reports what is wrong with the account.
            Some(Err(error)) => tracing::info!(%error, "could not ask for the source's own count"),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn compared(
    Usage { today, this_cycle, cap, cap_reset_day }: Usage,
    meter: &Meter,
    now: UtcTime,
) -> SourceUsage {
    let ours = meter.today(now);
    let difference = today.and_then(|theirs| theirs.checked_signed_diff(ours));
    SourceUsage {
        asked_at: now,
        posts_today: today,
        difference,
        posts_this_cycle: this_cycle,
        cap,
        cap_reset_day,
    }
}
