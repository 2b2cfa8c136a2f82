//! The keyword that a task requests when it starts, because a person has run it so, in the ECS console or by the CLI.

use std::time::Duration;

use ::stream::StreamStatusTable;
use ::stream::history::{History, HistoryOrder};
use ::stream::keyword_options::KeywordOptions;
use posts::Keyword;
use utc_time::UtcTime;
use x::limits::{FIRST_POST, RULES};

use crate::ended::RunError;

/// Requests the keyword, and its posts since then, as `POST /stream` does, except that X is not asked about it first: if X refuses it, the keyword's
/// `error` says why. If it is requested already, nothing changes.
///
/// # Errors
/// [`RunError::NotRequested`] if it cannot be requested; what DynamoDB answered.
pub(crate) async fn request(
    status: &StreamStatusTable,
    keyword: &Keyword,
    since: Option<UtcTime>,
    now: UtcTime,
) -> Result<(), RunError> {
    let requested = status.keywords().await?;
    if requested.iter().any(|requested| requested.keyword == *keyword) {
        if since.is_some() {
            tracing::warn!(%keyword, "SINCE has no effect: the keyword is being collected already");
        }
        return Ok(());
    }
    let refused = |reason: String| Err(RunError::NotRequested { keyword: keyword.clone(), reason });
    if requested.len() >= RULES {
        return refused(format!("{RULES} keywords are being collected already"));
    }
    if status.forgetting_of(keyword).await?.is_some() {
        return refused(BEING_FORGOTTEN.to_owned());
    }
    let until = now.before(Duration::from_millis(1));
    let history =
        since.map(|since| History { since, until, max_posts: None, order: HistoryOrder::default() });
    let first: Option<UtcTime> = FIRST_POST.parse().ok();
    if since.is_some_and(|since| since > until || Some(since) < first) {
        return refused(format!("SINCE must be between {FIRST_POST} and now"));
    }
    status.add_keyword(keyword, KeywordOptions { history, ..KeywordOptions::default() }, now).await?;
    // Forgetting may have begun meanwhile; it looks at the keywords behind its own write.
    if status.forgetting_of(keyword).await?.is_some() {
        status.remove_keyword(keyword).await?;
        return refused(BEING_FORGOTTEN.to_owned());
    }
    tracing::info!(%keyword, "requested by the task's KEYWORD");
    Ok(())
}

const BEING_FORGOTTEN: &str = "it is being forgotten";
