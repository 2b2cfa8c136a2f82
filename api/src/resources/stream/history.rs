//! The posts from before a keyword was started that are requested too.

use std::time::Duration;

use stream::history::{History, HistoryOrder};
use stream::keywords::RequestedKeyword;
use utc_time::UtcTime;
use x::limits::SEARCH_PAGE;

use crate::error::ApiError;
use crate::request::QueryTime;

/// What a request says of the posts from before its keyword was started.
#[derive(Clone, Copy, Debug)]
pub(super) struct HistoryFields {
    pub(super) since: Option<QueryTime>,
    pub(super) max_posts: Option<u64>,
    pub(super) order: Option<HistoryOrder>,
}

impl HistoryFields {
    /// The history that is requested at `now` of a keyword, which is `present` if it is being collected already; `None` if none is, or the
    /// same as before.
    ///
    /// # Errors
    /// A field cannot be used, or another history was requested of the keyword.
    pub(super) fn history(
        self,
        present: Option<&RequestedKeyword>,
        now: UtcTime,
    ) -> Result<Option<History>, ApiError> {
        let Self { since, max_posts, order } = self;
        let unusable = |field, reason: String| Err(ApiError::Unusable { field, reason });
        let Some(since) = since else {
            let field = max_posts.map(|_| "maxPosts").or(order.map(|_| "order"));
            let reason = "needs `since`: it is about posts from before the keyword was started";
            return field.map_or(Ok(None), |field| unusable(field, reason.to_owned()));
        };
        let since = since.of_posts("since", now)?;
        let least = SEARCH_PAGE.0;
        if let Some(max_posts) = max_posts.filter(|max_posts| *max_posts < least) {
            let reason =
                format!("must be at least {least}, the smallest page of X's search; got {max_posts}");
            return unusable("maxPosts", reason);
        }
        let started_at = present.map_or(now, |present| present.started_at);
        let until = started_at.before(Duration::from_millis(1));
        let requested = History { since, until, max_posts, order: order.unwrap_or_default() };
        match present.and_then(|present| Some((present, present.history.as_ref()?.requested))) {
            Some((_, before)) if before == requested => Ok(None),
            Some((present, before)) => {
                let (keyword, since) = (present.keyword.clone(), before.since);
                Err(ApiError::HistoryRequested { keyword, since })
            }
            None if since > until => {
                unusable("since", format!("must lie before {started_at}, when the keyword was started"))
            }
            None => Ok(Some(requested)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-26T10:00:00Z";

    fn requested(since: Option<&str>, max_posts: Option<u64>, present: Option<&RequestedKeyword>) -> String {
        let since = since.map(|since| since.to_owned().try_into().unwrap());
        match (HistoryFields { since, max_posts, order: None }).history(present, NOW.parse().unwrap()) {
            Ok(history) => json!(history).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_history_ends_where_collecting_begins() {
        assert_eq!(
            requested(Some("2026-11-01T00:00:00Z"), Some(500), None),
            r#"{"maxPosts":500,"order":"newestFirst","since":"2026-11-01T00:00:00.000Z","until":"2026-11-26T09:59:59.999Z"}"#
        );
        assert_eq!(requested(None, None, None), "null");
    }

    #[test]
    fn what_cannot_be_requested_is_named() {
        for (since, max_posts, error) in [
            (
                Some("2026-11-26T10:00:00Z"),
                None,
                "`since` must lie in the past; got 2026-11-26T10:00:00.000Z",
            ),
            (
                Some("2006-03-20T23:59:59Z"),
                None,
                "`since` must not be before 2006-03-21, the day of the first post of all",
            ),
            (
                Some("1960-01-01T00:00:00Z"),
                None,
                "`since` must not be before 2006-03-21, the day of the first post of all",
            ),
            (
                Some("2026-11-01T00:00:00Z"),
                Some(0),
                "`maxPosts` must be at least 10, the smallest page of X's search; got 0",
            ),
            (
                None,
                Some(10),
                "`maxPosts` needs `since`: it is about posts from before the keyword was started",
            ),
        ] {
            assert_eq!(requested(since, max_posts, None), error);
        }
    }

    #[test]
    fn a_keyword_has_one_history() {
        let present = |history| -> RequestedKeyword {
            serde_json::from_value(json!({
                "keyword": "rust", "startedAt": "2026-11-20T00:00:00Z", "history": history,
            }))
            .unwrap()
        };
        let new = present(json!(null));
        assert!(
            requested(Some("2026-11-19T00:00:00Z"), None, Some(&new)).contains("2026-11-19T23:59:59.999Z")
        );
        let within = requested(Some("2026-11-20T00:00:00Z"), None, Some(&new));
        assert_eq!(within, "`since` must lie before 2026-11-20T00:00:00.000Z, when the keyword was started");
        let had = present(json!({
            "since": "2026-11-19T00:00:00Z", "until": "2026-11-19T23:59:59.999Z", "order": "newestFirst",
            "state": "healing", "posts": 7,
        }));
        assert_eq!(requested(Some("2026-11-19T00:00:00Z"), None, Some(&had)), "null", "the same again");
        let other = requested(Some("2026-11-18T00:00:00Z"), None, Some(&had));
        assert!(
            other.starts_with("posts of \"rust\" since 2026-11-19T00:00:00.000Z were requested already"),
            "{other}"
        );
    }
}
