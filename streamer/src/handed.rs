//! The keyword that a person hands to a task, in the ECS console or by the CLI.

use std::time::Duration;

use ::stream::StreamStatusTable;
use ::stream::history::{History, HistoryOrder};
use ::stream::keyword_options::KeywordOptions;
use posts::Keyword;
use utc_time::UtcTime;

use crate::ended::RunError;

/// Requests the keyword, and its posts since then, as `POST /stream` does. If it is requested already, nothing changes.
///
/// # Errors
/// [`RunError::Handed`] if it cannot be requested; what DynamoDB answered.
pub(crate) async fn request(
    status: &StreamStatusTable,
    keyword: &Keyword,
    since: Option<UtcTime>,
    now: UtcTime,
) -> Result<(), RunError> {
    let requested = status.keywords().await?;
    if requested.iter().any(|requested| requested.keyword == *keyword) {
        return Ok(());
    }
    let refused = |reason: String| Err(RunError::Handed { keyword: keyword.clone(), reason });
    if requested.len() >= x::limits::RULES {
        return refused(format!("{} keywords are being collected already", x::limits::RULES));
    }
    if status.unfinished_forgettings().await?.iter().any(|forgetting| forgetting.forgets(keyword)) {
        return refused("it is being forgotten".to_owned());
    }
    let until = now.before(Duration::from_millis(1));
    let history =
        since.map(|since| History { since, until, max_posts: None, order: HistoryOrder::default() });
    if since.is_some_and(|since| since > until) {
        return refused("SINCE is not in the past".to_owned());
    }
    status.add_keyword(keyword, KeywordOptions { history, ..KeywordOptions::default() }, now).await?;
    tracing::info!(%keyword, "requested, as the task was told");
    Ok(())
}
