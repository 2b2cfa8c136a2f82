//! `GET /2/tweets/counts/recent` and `GET /2/tweets/counts/all`.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Failure, ok};
use super::description::{Asked, Spelling};
use super::hydrate::spelled;
use super::query::{Query, Reach, token};
use super::search::searchable;
use crate::clock::now;
use crate::stub::Stub;
use crate::world::snowflake::{first_of, time_of};

/// The longest period of one answer about the archive, and the period if none is requested.
/// <https://docs.x.com/x-api/posts/counts/introduction>
const ARCHIVE_PAGE: SignedDuration = SignedDuration::from_hours(31 * 24);
const ARCHIVE_DEFAULT: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(crate) async fn recent(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    count(&stub, &asked, Reach::Recent)
}

pub(crate) async fn all(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    count(&stub, &asked, Reach::Archive)
}

fn count(stub: &Stub, asked: &Asked, reach: Reach) -> Result<Response, Failure> {
    searchable(stub, reach)?;
    let seconds = match asked.text("granularity") {
        Some("minute") => 60,
        Some("day") => 86_400,
        _ => 3_600,
    };
    let mut query = Query::new(stub, asked, reach)?;
    let end = if query.below == u64::MAX { now() } else { time_of(query.below) };
    let start = match (query.above, reach) {
        (0, Reach::Recent) => reach.horizon(),
        (0, Reach::Archive) => end - ARCHIVE_DEFAULT,
        (above, _) => time_of(above + 1),
    };
    let mut next = None;
    let mut from = start;
    if reach == Reach::Archive && end.duration_since(start) > ARCHIVE_PAGE {
        from = end - ARCHIVE_PAGE;
        next = Some(token(first_of(from)));
    }
    query.above = first_of(from).saturating_sub(1);
    let world = stub.world();
    let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
    let bucket_of = |at: Timestamp| at.as_second().div_euclid(seconds) * seconds;
    let mut bucket = bucket_of(from);
    while bucket < end.as_second() {
        buckets.insert(bucket, 0);
        bucket += seconds;
    }
    let mut total = 0;
    for post in world.found(&query) {
        *buckets.entry(bucket_of(post.at)).or_default() += 1;
        total += 1;
    }
    let moment =
        |second: i64| Timestamp::from_second(second).map(|at| format!("{at:.3}")).unwrap_or_default();
    // The first and the last period are cut where the request cuts them.
    let data: Vec<Value> = buckets
        .iter()
        .map(|(start, count)| {
            let (first, last) = ((*start).max(from.as_second()), (start + seconds).min(end.as_second()));
            json!({ "start": moment(first), "end": moment(last), "tweet_count": count })
        })
        .collect();
    let mut body = json!({ "data": data, "meta": { "total_tweet_count": total } });
    if let Some(next) = next {
        body["meta"]["next_token"] = next.into();
    }
    // Its parameters have one spelling, so its answer has the newer one, unless only the older is known.
    Ok(ok(spelled(body, world.dialect.answered(Spelling::Posts))))
}
