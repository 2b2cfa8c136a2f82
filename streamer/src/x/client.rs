//! X's filtered stream and recent search.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use posts::Keyword;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use stream::StreamStatusTable;
use stream::gaps::HealedBy;
use utc_time::UtcTime;

use super::decode::Decode;
use super::message::post;
use super::rules::Rules;
use super::snowflake::first_id;
use crate::http::{ANSWER_TIMEOUT, Http};
use crate::ledger::CONNECT;
use crate::read::Desired;
use crate::source::{Connection, Failure, Must, Page, Source};

/// The fields of a post that this product keeps.
const FIELDS: &[(&str, &str)] = &[
    (
        "tweet.fields",
        "author_id,conversation_id,created_at,edit_history_tweet_ids,geo,lang,note_tweet,referenced_tweets",
    ),
    ("expansions", "author_id,geo.place_id,referenced_tweets.id"),
    ("user.fields", "location,name,username"),
    ("place.fields", "country_code"),
];

const MINUTE: Duration = Duration::from_secs(60);

const STREAM: &str = "/2/tweets/search/stream";
const RULES: &str = "/2/tweets/search/stream/rules";
const SEARCH: &str = "/2/tweets/search/recent";

/// A rule as X lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) tag: Option<String>,
}

/// What X made of rules that were to be added.
#[derive(Debug, Default)]
pub(crate) struct AddedRules {
    pub(crate) rules: Vec<Rule>,
    /// Those that it refused: value, reason.
    pub(crate) refused: Vec<(String, String)>,
}

/// X.
#[derive(Clone, Debug)]
pub(crate) struct X {
    http: Http,
    rules: Rules,
    /// How many minutes of missed posts X delivers again; only Enterprise accounts have any.
    backfill_minutes: u32,
}

impl X {
    pub(crate) fn new(http: Http, status: StreamStatusTable, backfill_minutes: u32) -> Self {
        Self { http, rules: Rules::new(status), backfill_minutes }
    }

    /// All rules.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, Failure> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            data: Vec<Rule>,
            #[serde(default)]
            meta: Value,
        }
        let mut rules = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut request = self.http.request(Method::GET, RULES);
            if let Some(next) = &next {
                request = request.query(&[("pagination_token", next)]);
            }
            let listed: Listed = self.http.json("readRules", request).await?;
            rules.extend(listed.data);
            next = listed.meta["next_token"].as_str().map(str::to_owned);
            if next.is_none() {
                return Ok(rules);
            }
        }
    }

    /// Adds rules of these values and tags.
    pub(crate) async fn add_rules(&self, rules: &[(String, String)]) -> Result<AddedRules, Failure> {
        #[derive(Deserialize)]
        struct Updated {
            #[serde(default)]
            data: Vec<Rule>,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let add: Vec<Value> =
            rules.iter().map(|(value, tag)| json!({ "value": value, "tag": tag })).collect();
        let request = self.http.request(Method::POST, RULES).json(&json!({ "add": add }));
        let updated: Updated = self.http.json("writeRules", request).await?;
        let mut added = AddedRules { rules: updated.data, refused: Vec::new() };
        for error in &updated.errors {
            let text = |field: &str| error[field].as_str().map(str::to_owned);
            let Some(value) = text("value") else { continue };
            let duplicate = text("type").is_some_and(|kind| kind.ends_with("/duplicate-rules"));
            match text("id").filter(|_| duplicate) {
                // It is there already, whoever added it.
                Some(id) => added.rules.push(Rule { id, value, tag: None }),
                None => {
                    let why = error["details"][0].as_str().map(str::to_owned);
                    let why = why.or_else(|| text("detail")).or_else(|| text("title"));
                    added.refused.push((value, why.unwrap_or_else(|| "X refused it".to_owned())));
                }
            }
        }
        Ok(added)
    }

    /// Deletes rules.
    pub(crate) async fn delete_rules(&self, ids: &[String]) -> Result<(), Failure> {
        let request = self.http.request(Method::POST, RULES).json(&json!({ "delete": { "ids": ids } }));
        self.http.json::<Value>("writeRules", request).await.map(|_| ())
    }
}

impl Source for X {
    /// X names a P99 of 6 to 7 s.
    const LATENESS: Duration = Duration::from_secs(30);
    /// Search finds a post about 30 s after it was made.
    /// <https://docs.x.com/x-api/posts/search/introduction>
    const SETTLED: Duration = Duration::from_secs(40);
    /// Recent search knows seven days; an hour less, for the time that searching takes.
    const REACH: Option<Duration> = Some(Duration::from_secs((7 * 24 - 1) * 3600));
    const HEALS: HealedBy = HealedBy::Search;
    /// <https://docs.x.com/x-api/posts/search/introduction>
    const PAGE: (u64, u64) = (10, 100);

    /// X carries all keywords on one connection.
    fn connections(desired: &Desired) -> BTreeMap<String, Desired> {
        BTreeMap::from([("x".to_owned(), desired.clone())])
    }

    fn on(&self, _: &str) -> Self {
        self.clone()
    }

    async fn follow(&self, desired: &BTreeSet<Keyword>, must: Must) -> Result<BTreeSet<Keyword>, Failure> {
        self.rules.sync(self, desired, must).await
    }

    async fn connect(&self, missing_from: Option<UtcTime>) -> Result<Connection, Failure> {
        // Only then is it known how long ago that was.
        self.http.allowed(CONNECT).await;
        let minutes =
            missing_from.and_then(|from| backfill_minutes(from, UtcTime::now(), self.backfill_minutes));
        let mut request = self.http.request(Method::GET, STREAM).query(FIELDS);
        if let Some(minutes) = minutes {
            request = request.query(&[("backfill_minutes", minutes)]);
        }
        let answer = self.http.send_now(CONNECT, request).await?;
        // X counts from when it was asked, which is before now.
        let backfilled_from = minutes.map(|minutes| UtcTime::now().before(MINUTE * minutes));
        Ok(Connection { answer, decoder: Box::new(Decode::new(self.rules.clone())), backfilled_from })
    }

    async fn page(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        next: Option<&str>,
        most: u64,
    ) -> Result<Page, Failure> {
        let request = self
            .http
            .request(Method::GET, SEARCH)
            .query(FIELDS)
            .query(&[("query", keyword.as_str()), ("max_results", &most.to_string())])
            // Both are exclusive.
            .query(&[
                ("since_id", first_id(from).saturating_sub(1)),
                ("until_id", first_id(to.after(Duration::from_millis(1)))),
            ])
            .query(&next.map(|next| ("next_token", next)).as_slice());
        let page: Value = self.http.json("search", request).await?;
        let includes = (&page["includes"]).into();
        let data = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        // What is no post has no id by which it could be missed.
        let posts = data.iter().filter_map(|data| post(&data.into(), &includes).ok()).collect();
        Ok(Page { posts, next: page["meta"]["next_token"].as_str().map(str::to_owned) })
    }
}

/// How many minutes X is to deliver again for nothing to be missing since `from`, if the account has so many.
fn backfill_minutes(from: UtcTime, now: UtcTime, account: u32) -> Option<u32> {
    // X may take a while to answer, and counts from then.
    let missed = now.since(from) + ANSWER_TIMEOUT;
    let minutes = u32::try_from(missed.as_secs() / 60 + 1).ok()?;
    (minutes <= account).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backfill_covers_all_that_is_missing_or_is_not_asked_for() {
        let now: UtcTime = "2026-11-25T10:10:00Z".parse().unwrap();
        let asked =
            |seconds, account| backfill_minutes(now.before(Duration::from_secs(seconds)), now, account);
        assert_eq!(asked(30, 5), Some(1));
        assert_eq!(asked(40, 5), Some(2), "the answer may take 20 s");
        assert_eq!(asked(279, 5), Some(5));
        assert_eq!(asked(280, 5), None);
        assert_eq!(asked(1, 0), None);
    }
}
