//! Following the requested keywords.

use std::time::Duration;

use service::tables::TableError;
use stream::StreamStatusTable;
use stream::close_queue::CloseQueue;
use stream::keywords::RequestedKeyword;
use tokio::sync::watch;

use crate::source::{KeywordState, RequestedKeywords};

/// Follows the requested keywords: reads them when the close queue says so, and every 20 s anyway, which is how long a poll lasts.
/// Returns when none is requested any more.
pub(crate) async fn follow_requested(
    status: StreamStatusTable,
    queue: CloseQueue,
    requested: watch::Sender<RequestedKeywords>,
) {
    const AFTER_AN_ERROR: Duration = Duration::from_secs(5);
    loop {
        if let Err(error) = queue.wait().await {
            tracing::warn!(error = %aws_sdk_sqs::error::DisplayErrorContext(&error), "could not poll the close queue");
            tokio::time::sleep(AFTER_AN_ERROR).await;
        }
        match requested_keywords(&status).await {
            Ok(keywords) if keywords.is_empty() => return,
            Ok(keywords) => {
                requested.send_if_modified(|present| {
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
    let states = status.keywords().await?.into_iter().map(|requested| {
        let RequestedKeyword {
            keyword,
            started_at: since,
            missing_from,
            reposts,
            reposts_until,
            history,
            ..
        } = requested;
        let history_is_on_record = history.as_ref().is_some_and(|history| history.progress.state.is_some());
        let history = history.map(|history| history.requested);
        (keyword, KeywordState { since, missing_from, reposts, reposts_until, history, history_is_on_record })
    });
    Ok(states.collect())
}
