//! How many posts there are.

use json_api::Answer;
use reqwest::Method;
use serde::Deserialize;
use utc_time::UtcTime;

use super::Client;
use super::search::{Reach, to_the_second};
use crate::prices::{MICRO_DOLLARS_A_FULL_ARCHIVE_COUNT, MICRO_DOLLARS_A_RECENT_COUNT};

const RECENT: &str = "/2/tweets/counts/recent";
const ARCHIVE: &str = "/2/tweets/counts/all";

/// How many posts were written in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Bucket {
    /// The start of the period.
    pub start: UtcTime,
    /// The end of the period, exclusive.
    pub end: UtcTime,
    post_count: Option<u64>,
    tweet_count: Option<u64>,
}

impl Bucket {
    /// The count: `post_count` in X's description, `tweet_count` in older answers; some have both.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.post_count.or(self.tweet_count).unwrap_or_default()
    }
}

/// A page of counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountsPage {
    /// The counts, by hour or by day.
    pub buckets: Vec<Bucket>,
    /// Asks for the page before it in time; `None` on the last.
    pub next: Option<String>,
}

impl Reach {
    /// What a request of counts costs, in micro-dollars.
    #[must_use]
    pub fn micro_dollars_a_count(self) -> u64 {
        match self {
            Self::Recent => MICRO_DOLLARS_A_RECENT_COUNT,
            Self::Archive => MICRO_DOLLARS_A_FULL_ARCHIVE_COUNT,
        }
    }
}

impl Client {
    /// Counts the posts that match `query`: recent ones by hour, all of them on one page; or those since `from` by day, 31 days a page, the
    /// latest first. X charges for each request.
    pub async fn counts(
        &self,
        reach: Reach,
        query: &str,
        from: Option<UtcTime>,
        page: Option<&str>,
    ) -> Answer<CountsPage> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(default)]
            data: Vec<Bucket>,
            #[serde(default)]
            meta: Meta,
        }
        #[derive(Default, Deserialize)]
        struct Meta {
            next_token: Option<String>,
        }
        let (path, granularity) = match reach {
            Reach::Recent => (RECENT, "hour"),
            Reach::Archive => (ARCHIVE, "day"),
        };
        let request = self
            .0
            .request(Method::GET, path)
            .query(&[("query", query), ("granularity", granularity)])
            .query(from.map(|from| ("start_time", to_the_second(from))).as_slice())
            .query(page.map(|page| ("next_token", page)).as_slice());
        let counted = self.0.json::<Counted>(request).await;
        counted.map(|counted| CountsPage { buckets: counted.data, next: counted.meta.next_token })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn counts_are_read_by_either_name() {
        let bucket = |count: Value| {
            let mut bucket = json!({ "start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z" });
            bucket.as_object_mut().unwrap().extend(count.as_object().unwrap().clone());
            serde_json::from_value::<Bucket>(bucket).unwrap().posts()
        };
        assert_eq!(bucket(json!({ "post_count": 3 })), 3);
        assert_eq!(bucket(json!({ "tweet_count": 4 })), 4);
        assert_eq!(bucket(json!({ "post_count": 5, "tweet_count": 5 })), 5);
        assert_eq!(bucket(json!({})), 0);
    }
}
