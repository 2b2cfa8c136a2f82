//! X's filtered stream and recent search.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use posts::{HealedBy, Keyword, StreamStatusTable, UtcTime};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::decode::Decode;
use super::message::post;
use super::rules::Rules;
use super::snowflake::first_id;
use crate::http::Http;
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

    async fn connect(&self, missed: Duration) -> Result<Connection, Failure> {
        let mut request = self.http.request(Method::GET, STREAM).query(FIELDS);
        let minutes = missed.as_secs().div_ceil(60).max(1);
        let backfilled = self.backfill_minutes > 0 && minutes <= u64::from(self.backfill_minutes);
        if backfilled {
            request = request.query(&[("backfill_minutes", minutes)]);
        }
        let answer = self.http.send("connect", request).await?;
        Ok(Connection { answer, decoder: Box::new(Decode::new(self.rules.clone())), backfilled })
    }

    async fn page(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        next: Option<&str>,
    ) -> Result<Page, Failure> {
        let request = self
            .http
            .request(Method::GET, SEARCH)
            .query(FIELDS)
            .query(&[("query", keyword.as_str()), ("max_results", "100")])
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
