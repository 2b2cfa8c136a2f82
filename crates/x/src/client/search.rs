//! Searching posts, in either dialect.

use json_api::Answer;
use reqwest::Method;

use super::Client;
use crate::dialect::Dialect;
use crate::wire::SearchPage;

const RECENT: &str = "/2/tweets/search/recent";

/// A search for recent posts.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// What a post must match.
    pub query: &'a str,
    /// The lowest id of a post.
    pub first_id: u64,
    /// Only posts with lower ids than this one.
    pub before_id: u64,
    /// How many posts, within [`crate::limits::SEARCH_PAGE`].
    pub most: u64,
    /// The token of the page; `None` for the first.
    pub page: Option<&'a str>,
}

impl Client {
    /// Searches recent posts in a dialect, and passes the page to `read`. The answer may have either dialect.
    pub async fn search<T>(
        &self,
        search: Search<'_>,
        dialect: Dialect,
        read: impl FnOnce(SearchPage<'_>) -> T,
    ) -> Answer<T> {
        let Search { query, first_id, before_id, most, page } = search;
        let request = self
            .0
            .request(Method::GET, RECENT)
            .query(dialect.fields())
            .query(&[("query", query), ("max_results", &most.to_string())])
            // Both are exclusive.
            .query(&[("since_id", first_id.saturating_sub(1)), ("until_id", before_id)])
            .query(page.map(|page| ("next_token", page)).as_slice());
        self.0.bytes(request).await.and_then(|body| json_api::parse::<SearchPage<'_>>(&body).map(read))
    }
}
