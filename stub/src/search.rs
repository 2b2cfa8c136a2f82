//! `GET /2/tweets/search/recent` and `GET /2/tweets/counts/recent`.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::{Authorized, Failure, ok, within_limit};
use crate::clock::now;
use crate::limits::Endpoint;
use crate::posted::Posted;
use crate::rule::Rule;
use crate::rules::invalid_query;
use crate::scope::Scope;
use crate::snowflake::first_of;
use crate::stub::Stub;
use crate::world::World;

/// The longest query on X's pay-per-use plan.
const QUERY_CHARACTERS: usize = 512;

/// How far back search and counts reach.
const DAYS: i64 = 7;

#[derive(Deserialize)]
pub(crate) struct Parameters {
    query: String,
    since_id: Option<u64>,
    until_id: Option<u64>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    max_results: Option<usize>,
    next_token: Option<String>,
    pagination_token: Option<String>,
    sort_order: Option<String>,
    granularity: Option<String>,
    // The stub ignores which fields are requested, and sends what it has.
}

/// The parameters of a request.
struct Asked {
    rule: Rule,
    /// Ids above this.
    above: u64,
    /// Ids below this.
    below: u64,
    /// Posted before this: search does not know newer posts yet.
    known: Timestamp,
}

impl Parameters {
    fn asked(&self, stub: &Stub) -> Result<Asked, Failure> {
        if let Some((status, left)) = stub.world().faults.search_status(Instant::now()) {
            return Err(Failure::asked_for(status, left));
        }
        if self.query.chars().count() > QUERY_CHARACTERS {
            let message = format!("Rule length must be at most {QUERY_CHARACTERS} characters");
            return Err(Failure::invalid("query", &self.query, &message));
        }
        let rule = Rule::parse(&self.query)
            .map_err(|error| Failure::invalid("query", &self.query, &error.to_string()))?;
        let horizon = now() - SignedDuration::from_hours(24 * DAYS);
        if self.since_id.is_some() && self.start_time.is_some() {
            return Err(Failure::invalid("start_time", "", "At most one of `start_time`, `since_id`"));
        }
        if let Some(id) = self.since_id.filter(|id| *id < first_of(horizon)) {
            let message = format!("'since_id' must be a tweet id created after {horizon:.0}");
            return Err(Failure::invalid("since_id", &id.to_string(), &message));
        }
        if let Some(start) = self.start_time.filter(|start| *start < horizon) {
            let message = format!("'start_time' must be on or after {horizon:.0}");
            return Err(Failure::invalid("start_time", &start.to_string(), &message));
        }
        let above = self.since_id.or(self.start_time.map(|at| first_of(at).saturating_sub(1))).unwrap_or(0);
        let token = self.next_token.as_ref().or(self.pagination_token.as_ref());
        let below = match token {
            Some(token) => u64::from_str_radix(token, 32)
                .map_err(|_| Failure::invalid("next_token", token, "not a pagination token"))?,
            None => self.until_id.or(self.end_time.map(first_of)).unwrap_or(u64::MAX),
        };
        let known = now().checked_sub(stub.inner.search_delay).unwrap_or(Timestamp::MIN);
        Ok(Asked { rule, above, below, known })
    }
}

impl World {
    /// The requested posts, newest first; each is examined only when it is its turn.
    fn found<'a>(&'a self, asked: &'a Asked) -> impl Iterator<Item = &'a Posted> {
        let mut found: Vec<_> = self
            .posts
            .iter()
            .filter(|post| post.id > asked.above && post.id < asked.below && post.at <= asked.known)
            .collect();
        found.sort_by_key(|post| std::cmp::Reverse(post.id));
        found.into_iter().filter(|post| asked.rule.matches(&post.facts(), Scope::Search))
    }
}

pub(crate) async fn recent(
    State(stub): State<Stub>,
    _: Authorized,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = parameters.map_err(|error| invalid_query(&error))?;
    let size = parameters.max_results.unwrap_or(10);
    if !(10..=100).contains(&size) {
        return Err(Failure::invalid("max_results", &size.to_string(), "must be between 10 and 100"));
    }
    if let Some(order) =
        parameters.sort_order.as_deref().filter(|order| !["recency", "relevancy"].contains(order))
    {
        return Err(Failure::invalid("sort_order", order, "must be recency or relevancy"));
    }
    let asked = parameters.asked(&stub)?;
    let standing = within_limit(&stub, Endpoint::Search)?;
    let world = stub.world();
    let found: Vec<&Posted> = world.found(&asked).take(size + 1).collect();
    let page = &found[..found.len().min(size)];
    let mut body = json!({ "meta": { "result_count": page.len() } });
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        body["meta"]["newest_id"] = newest.id.to_string().into();
        body["meta"]["oldest_id"] = oldest.id.to_string().into();
        body["data"] = page.iter().map(|post| post.post()["data"].take()).collect();
        body["includes"] = included(page);
        if found.len() > page.len() {
            body["meta"]["next_token"] = base32hex(oldest.id).into();
        }
    }
    Ok(ok(StatusCode::OK, standing, body))
}

pub(crate) async fn counts(
    State(stub): State<Stub>,
    _: Authorized,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = parameters.map_err(|error| invalid_query(&error))?;
    let seconds = match parameters.granularity.as_deref().unwrap_or("hour") {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        other => return Err(Failure::invalid("granularity", other, "must be minute, hour or day")),
    };
    let asked = parameters.asked(&stub)?;
    let standing = within_limit(&stub, Endpoint::Counts)?;
    let world = stub.world();
    let found: Vec<&Posted> = world.found(&asked).collect();
    let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
    for post in &found {
        *buckets.entry(post.at.as_second().div_euclid(seconds) * seconds).or_default() += 1;
    }
    let moment = |second| Timestamp::from_second(second).map(|at| format!("{at:.3}")).unwrap_or_default();
    let data: Vec<Value> = buckets
        .iter()
        .map(|(start, count)| {
            json!({ "start": moment(*start), "end": moment(start + seconds), "post_count": count, "tweet_count": count })
        })
        .collect();
    let meta = json!({ "total_post_count": found.len(), "total_tweet_count": found.len() });
    Ok(ok(StatusCode::OK, standing, json!({ "data": data, "meta": meta })))
}

/// The objects that the posts of a page refer to, each once.
fn included(page: &[&Posted]) -> Value {
    let mut lists: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for post in page {
        for (list, items) in post.post()["includes"].as_object().into_iter().flatten() {
            for item in items.as_array().into_iter().flatten() {
                let key = item["id"].as_str().or_else(|| item["media_key"].as_str()).unwrap_or_default();
                lists.entry(list.clone()).or_default().insert(key.to_owned(), item.clone());
            }
        }
    }
    lists.into_iter().map(|(list, items)| (list, items.into_values().collect::<Value>())).collect()
}

/// A number as X writes its tokens: 0-9, a-v.
fn base32hex(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(b"0123456789abcdefghijklmnopqrstuv"[(number % 32) as usize]);
        number /= 32;
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}
