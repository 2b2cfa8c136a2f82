//! Searching posts, in either dialect.

use std::time::Duration;

use json_api::Answer;
use reqwest::Method;
use utc_time::UtcTime;

use super::Client;
use crate::dialect::Dialect;
use crate::snowflake::first_id;
use crate::wire::SearchPage;

const RECENT: &str = "/2/tweets/search/recent";
const ARCHIVE: &str = "/2/tweets/search/all";

/// How far back a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// [`crate::limits::SEARCH_REACH`].
    Recent,
    /// To the first post of all. X may not offer it to every account.
    Archive,
}

/// A search for posts.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// How far back it looks.
    pub reach: Reach,
    /// What a post must match.
    pub query: &'a str,
    /// When the earliest posts were written.
    pub from: UtcTime,
    /// When the latest posts were written.
    pub to: UtcTime,
    /// How many posts, within [`Reach::page`].
    pub most: u64,
    /// The token of the page; `None` for the first.
    pub page: Option<&'a str>,
}

impl Reach {
    /// The fewest and the most posts that a page may be requested to hold.
    #[must_use]
    pub fn page(self) -> (u64, u64) {
        match self {
            Self::Recent => crate::limits::SEARCH_PAGE,
            Self::Archive => crate::limits::ARCHIVE_PAGE,
        }
    }
}

impl Client {
    /// Searches posts in a dialect, and passes the page to `read`. The answer may have either dialect.
    pub async fn search<T>(
        &self,
        search: Search<'_>,
        dialect: Dialect,
        read: impl FnOnce(SearchPage<'_>) -> T,
    ) -> Answer<T> {
        let Search { reach, query, from, to, most, page } = search;
        let path = match reach {
            Reach::Recent => RECENT,
            Reach::Archive => ARCHIVE,
        };
        let request = self
            .0
            .request(Method::GET, path)
            .query(dialect.fields())
            .query(&[("query", query), ("max_results", &most.to_string())])
            .query(&period(reach, from, to))
            .query(page.map(|page| ("next_token", page)).as_slice());
        self.0.bytes(request).await.and_then(|body| json_api::parse::<SearchPage<'_>>(&body).map(read))
    }
}

/// The parameters of a period.
fn period(reach: Reach, from: UtcTime, to: UtcTime) -> [(&'static str, String); 2] {
    match reach {
        // To the millisecond; both are exclusive.
        Reach::Recent => {
            let before = first_id(to.after(Duration::from_millis(1)));
            [("since_id", first_id(from).saturating_sub(1).to_string()), ("until_id", before.to_string())]
        }
        // The ids of posts from before November 2010 hold no time. The second is exclusive.
        Reach::Archive => [
            ("start_time", to_the_second(from)),
            ("end_time", to_the_second(to.after(Duration::from_secs(1)))),
        ],
    }
}

/// The start of a second, as X writes it: `2026-11-23T10:00:00Z`.
pub(super) fn to_the_second(at: UtcTime) -> String {
    let mut text = at.to_string();
    text.truncate("2026-11-23T10:00:00".len());
    text + "Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_asked_for_by_ids_or_by_whole_seconds_that_cover_it() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        let (from, to) = (at("2026-11-23T10:00:00.250Z"), at("2026-11-23T10:00:01.999Z"));
        let archive = period(Reach::Archive, from, to).map(|(_, value)| value);
        assert_eq!(archive, ["2026-11-23T10:00:00Z", "2026-11-23T10:00:02Z"]);
        let [(_, since), (_, until)] = period(Reach::Recent, from, to);
        let made = |id: &str| crate::snowflake::made_at(id).unwrap();
        assert!(made(&since) < from && made(&until) == at("2026-11-23T10:00:02Z"));
        assert_eq!(period(Reach::Recent, at("2006-03-21T00:00:00Z"), to)[0].1, "0");
    }
}
