//! Following the requested keywords.

use std::sync::Arc;
use std::time::Duration;

use service::tables::TableError;
use stream::StreamStatusTable;
use stream::close_queue::CloseQueue;
use stream::keywords::RequestedKeyword;
use tokio::sync::{Notify, watch};
use utc_time::UtcTime;

use crate::intake::Intake;
use crate::source::{KeywordState, RequestedKeywords};

/// Follows the requested keywords: reads them when the close queue says so, when somebody here has `changed` them, and every 20 s anyway, which is how
/// long a poll lasts. Tells `intake` which were stopped. Returns when none is requested any more.
pub(crate) async fn follow_requested(
    status: StreamStatusTable,
    queue: CloseQueue,
    changed: Arc<Notify>,
    requested: watch::Sender<RequestedKeywords>,
    intake: Intake,
) {
    const AFTER_AN_ERROR: Duration = Duration::from_secs(5);
    loop {
        let waited = tokio::select! {
            waited = queue.wait() => waited,
            () = changed.notified() => Ok(()),
        };
        if let Err(error) = waited {
            tracing::warn!(error = %aws_sdk_sqs::error::DisplayErrorContext(&error), "could not poll the close queue");
            tokio::time::sleep(AFTER_AN_ERROR).await;
        }
        match requested_keywords(&status).await {
            Ok(keywords) if keywords.is_empty() => return,
            Ok(keywords) => {
                requested.send_if_modified(|present| {
                    for (keyword, state) in present.iter() {
                        // One that was stopped and started again since the last look has another beginning.
                        if keywords.get(keyword).is_none_or(|now| now.since != state.since) {
                            intake.stopped(keyword);
                        }
                    }
                    let changed = *present != keywords;
                    *present = keywords;
                    changed
                });
            }
            Err(error) => tracing::warn!(%error, "could not read the requested keywords"),
        }
    }
}

/// The requested keywords.
pub(crate) async fn requested_keywords(status: &StreamStatusTable) -> Result<RequestedKeywords, TableError> {
    let now = UtcTime::now();
    let states = status.keywords().await?.into_iter().map(|requested| {
        let RequestedKeyword {
            keyword,
            started_at: since,
            missing_from,
            reposts,
            reposts_until,
            max_posts_a_day,
            paused_until,
            history,
            ..
        } = requested;
        let is_paused = paused_until.is_some_and(|until| until > now);
        let history_is_on_record = history.as_ref().is_some_and(|history| history.progress.state.is_some());
        let history = history.map(|history| history.requested);
        let state = KeywordState {
            since,
            missing_from,
            reposts,
            reposts_until,
            max_posts_a_day,
            paused_until,
            is_paused,
            history,
            history_is_on_record,
        };
        (keyword, state)
    });
    Ok(states.collect())
}
