//! How many posts there are.

use json_api::Answer;
use reqwest::Method;
use serde::Deserialize;
use utc_time::UtcTime;

use super::Client;

const RECENT: &str = "/2/tweets/counts/recent";

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

impl Client {
    /// Counts the recent posts that match `query`, by day.
    pub async fn counts(&self, query: &str) -> Answer<Vec<Bucket>> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(default)]
            data: Vec<Bucket>,
        }
        let request = self.0.request(Method::GET, RECENT).query(&[("query", query), ("granularity", "day")]);
        self.0.json::<Counted>(request).await.map(|counted| counted.data)
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
