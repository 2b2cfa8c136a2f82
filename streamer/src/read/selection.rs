//! Making the source deliver what is requested.

use std::collections::BTreeSet;

use posts::Keyword;
use stream::StreamStatusTable;
use utc_time::UtcTime;

use super::context::Context;
use super::missed::missing;
use crate::gaps::{Interruption, Then};
use crate::source::{Backoff, Extent, Failure, Refusal, RequestedKeywords, Selection, Source};

/// Makes the source deliver what is requested, as far as `extent` requires; returns the keywords that it delivers. A refusal is
/// noted on its keyword.
pub(crate) async fn select<S: Source>(
    context: &Context<S>,
    requested: &RequestedKeywords,
    extent: Extent,
) -> Result<BTreeSet<Keyword>, Failure> {
    let Selection { delivered, refused } = context.source.select(requested, extent).await?;
    for refusal in &refused {
        tracing::warn!(keyword = %refusal.keyword, reason = refusal.reason, "the source refused a keyword");
        // Posts that are delivered late may still be on their way.
        note_refusal(&context.status, refusal, UtcTime::now().before(S::LATENESS)).await;
    }
    Ok(delivered)
}

/// Notes why nothing is collected for a keyword, and since when.
pub(crate) async fn note_refusal(status: &StreamStatusTable, refusal: &Refusal, from: UtcTime) {
    let Refusal { keyword, reason } = refusal;
    if let Err(error) = status.keyword_is_refused(keyword, reason, from).await {
        tracing::warn!(%error, %keyword, "could not note why a keyword is not collected");
    }
}

/// While a connection is open, makes the source deliver what is requested after each change. Posts of a keyword from before the
/// source delivered it are a gap like any other. Returns when the source refuses for good.
pub(crate) async fn keep_selected<S: Source>(
    context: &Context<S>,
    mut delivered: BTreeSet<Keyword>,
    since: Option<UtcTime>,
) -> Failure {
    let mut requested = context.requested.clone();
    loop {
        let now_requested = requested.borrow_and_update().clone();
        let mut backoff = Backoff::new(S::BACKOFF);
        let now_delivered = loop {
            match select(context, &now_requested, Extent::Whole).await {
                Ok(delivered) => break delivered,
                Err(Failure::Passing { class, reason }) => {
                    let wait = backoff.wait(class, UtcTime::now());
                    tracing::warn!(reason, wait_ms = wait.as_millis(), "could not change what is delivered");
                    tokio::time::sleep(wait).await;
                }
                Err(failure) => return failure,
            }
        };
        let is_new = |keyword: &Keyword| now_delivered.contains(keyword) && !delivered.contains(keyword);
        let mut new = missing::<S>(&now_requested, since);
        new.retain(|missing| is_new(&missing.keyword));
        if !new.is_empty() {
            let interruption = Interruption {
                cause: "the keyword was new".to_owned(),
                missing: new,
                // The source takes a moment to deliver what was just selected; until then the keyword itself says that posts are missing.
                to: UtcTime::now().after(S::LATENESS),
                heal: true,
                backfill: None,
                untold: None,
                then: Then::Nothing,
            };
            if let Err(failure) = context.interrupted(interruption).await {
                return failure;
            }
        }
        delivered = now_delivered;
        if requested.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
