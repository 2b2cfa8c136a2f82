//! X's endpoints.

use json_api::{Answer, InvalidClient};
use reqwest::{Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::wire::SearchPage;

const STREAM: &str = "/2/tweets/search/stream";
const RULES: &str = "/2/tweets/search/stream/rules";
const SEARCH: &str = "/2/tweets/search/recent";
const COUNTS: &str = "/2/tweets/counts/recent";

/// The fields that are requested of a post: those that [`crate::wire`] reads.
const FIELDS: &[(&str, &str)] = &[
    (
        "tweet.fields",
        "author_id,conversation_id,created_at,edit_history_tweet_ids,geo,lang,note_tweet,referenced_tweets",
    ),
    ("expansions", "author_id,geo.place_id,referenced_tweets.id"),
    ("user.fields", "location,name,username"),
    ("place.fields", "country_code"),
];

/// X's base URL.
pub const BASE_URL: &str = "https://api.x.com";

/// A client of X.
#[derive(Clone, Debug)]
pub struct Client(json_api::Client);

/// A rule of the filtered stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What a post must match.
    pub value: String,
    /// The name that it was given when it was added.
    #[serde(default)]
    pub tag: Option<String>,
}

/// A page of rules.
#[derive(Debug)]
pub struct RulesPage {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The token of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A rule to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// What a post must match.
    pub value: String,
    /// Its name.
    pub tag: String,
}

/// The outcome of adding rules.
#[derive(Debug, Default)]
pub struct RulesAdded {
    /// The rules that exist now, including those that existed before.
    pub rules: Vec<Rule>,
    /// The rules that X refused.
    pub refused: Vec<Refused>,
}

/// A rule that X refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule's value.
    pub value: String,
    /// X's reason.
    pub reason: String,
}

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
    /// A client of X at the URL `base`, without a token: see [`json_api::Client::new`].
    ///
    /// # Errors
    /// [`InvalidClient::Http`].
    pub fn new(base: &str) -> Result<Self, InvalidClient> {
        Ok(Self(json_api::Client::new(base)?))
    }

    /// The same client, which sends `token` with each request.
    ///
    /// # Errors
    /// [`InvalidClient::Token`].
    pub fn bearing(self, token: &str) -> Result<Self, InvalidClient> {
        Ok(Self(self.0.bearing(token)?))
    }

    /// A page of the existing rules.
    pub async fn rules(&self, page: Option<&str>) -> Answer<RulesPage> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            data: Vec<Rule>,
            #[serde(default)]
            meta: Value,
        }
        let page = page.map(|page| ("pagination_token", page));
        let request = self.0.request(Method::GET, RULES).query(page.as_slice());
        let answer = self.0.json::<Listed>(request).await;
        answer.map(|listed| RulesPage {
            rules: listed.data,
            next: listed.meta["next_token"].as_str().map(str::to_owned),
        })
    }

    /// Adds rules. A refused rule does not affect the others, but X may also refuse the whole request.
    pub async fn add_rules(&self, rules: &[NewRule]) -> Answer<RulesAdded> {
        let add: Vec<Value> =
            rules.iter().map(|NewRule { value, tag }| json!({ "value": value, "tag": tag })).collect();
        let request = self.0.request(Method::POST, RULES).json(&json!({ "add": add }));
        self.0.json::<Updated>(request).await.map(RulesAdded::from)
    }

    /// Deletes the rules with these ids.
    pub async fn delete_rules(&self, ids: &[String]) -> Answer<()> {
        let request = self.0.request(Method::POST, RULES).json(&json!({ "delete": { "ids": ids } }));
        self.0.json::<Value>(request).await.map(|_| ())
    }

    /// Opens the filtered stream, with what it delivered in the last `backfill_minutes`, if the account has backfill.
    pub async fn stream(&self, backfill_minutes: Option<u32>) -> Answer<Response> {
        let backfill = backfill_minutes.map(|minutes| ("backfill_minutes", minutes));
        let request = self.0.request(Method::GET, STREAM).query(FIELDS).query(backfill.as_slice());
        self.0.open(request).await
    }

    /// Searches recent posts, and passes the page to `read`.
    pub async fn search<T>(&self, search: Search<'_>, read: impl FnOnce(SearchPage<'_>) -> T) -> Answer<T> {
        let Search { query, first_id, before_id, most, page } = search;
        let request = self
            .0
            .request(Method::GET, SEARCH)
            .query(FIELDS)
            .query(&[("query", query), ("max_results", &most.to_string())])
            // Both are exclusive.
            .query(&[("since_id", first_id.saturating_sub(1)), ("until_id", before_id)])
            .query(page.map(|page| ("next_token", page)).as_slice());
        self.0.bytes(request).await.and_then(|body| json_api::parse::<SearchPage<'_>>(&body).map(read))
    }

    /// Counts the recent posts that match `query`, by day.
    pub async fn counts(&self, query: &str) -> Answer<Vec<Bucket>> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(default)]
            data: Vec<Bucket>,
        }
        let request = self.0.request(Method::GET, COUNTS).query(&[("query", query), ("granularity", "day")]);
        self.0.json::<Counted>(request).await.map(|counted| counted.data)
    }
}

/// X's answer to rules that were to be added.
#[derive(Deserialize)]
struct Updated {
    #[serde(default)]
    data: Vec<Rule>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl From<Updated> for RulesAdded {
    fn from(updated: Updated) -> Self {
        let mut added = Self { rules: updated.data, refused: Vec::new() };
        for error in &updated.errors {
            let text = |field: &str| error[field].as_str().map(str::to_owned);
            let Some(value) = text("value") else { continue };
            let is_duplicate = text("type").is_some_and(|kind| kind.ends_with("/duplicate-rules"));
            match text("id").filter(|_| is_duplicate) {
                // It exists already, whoever added it.
                Some(id) => added.rules.push(Rule { id, value, tag: None }),
                None => {
                    let reason = error["details"][0].as_str().map(str::to_owned);
                    let reason = reason.or_else(|| text("detail")).or_else(|| text("title"));
                    let reason = reason.unwrap_or_else(|| "X refused it".to_owned());
                    added.refused.push(Refused { value, reason });
                }
            }
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_there_already_is_not_refused() {
        let updated = json!({
            "data": [{ "id": "1", "value": "new", "tag": "t" }],
            "errors": [
                { "value": "old", "id": "2", "title": "DuplicateRule", "type": "https://api.x.com/2/problems/duplicate-rules" },
                { "value": "(", "details": ["missing )"], "title": "UnprocessableEntity", "type": "https://api.x.com/2/problems/invalid-rules" },
                { "value": "x", "title": "Odd" },
                { "title": "no rule of ours" },
            ],
        });
        let added = RulesAdded::from(serde_json::from_value::<Updated>(updated).unwrap());
        assert_eq!(added.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        let refused =
            |value: &str, reason: &str| Refused { value: value.to_owned(), reason: reason.to_owned() };
        assert_eq!(added.refused, [refused("(", "missing )"), refused("x", "Odd")]);
    }

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
