//! `/tweets`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posts::{InvalidPostId, Keyword, Order, Position, PostId, StoredPost, UtcTime};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::request::{NoParameters, Query};
use crate::{Api, Problem};

/// Posts on a page: at most, and if nothing else is asked for.
const MOST: i32 = 100;
const USUALLY: i32 = 20;

/// How long what stands in the way of removing a post is waited out.
const REMOVE_TIME: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    keyword: Keyword,
    limit: Option<i32>,
    cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tweets {
    tweets: Vec<StoredPost>,
    next_cursor: Option<String>,
}

/// The posts of a keyword, the newest first, a page at a time.
pub(crate) async fn list(
    State(api): State<Api>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Tweets>, Problem> {
    let limit = parameters.limit.unwrap_or(USUALLY);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request(format!("limit must be from 1 to {MOST}, this one is {limit}")));
    }
    let after = parameters.cursor.as_deref().map(position).transpose()?;
    let page = api.tweets.page(&parameters.keyword, Order::NewestFirst, limit, after.as_ref()).await?;
    Ok(Json(Tweets { tweets: page.posts, next_cursor: page.next.as_ref().map(cursor).transpose()? }))
}

/// One post, under each keyword that it was collected for.
#[derive(Serialize)]
pub(crate) struct Tweet {
    tweets: Vec<StoredPost>,
}

/// One post.
pub(crate) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Tweet>, Problem> {
    Ok(Json(Tweet { tweets: found(&api, &tweet_id(&id)?).await? }))
}

/// Takes one post back, under all keywords: it is counted as removed, and never stored again.
pub(crate) async fn remove(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, Problem> {
    let id = tweet_id(&id)?;
    let deadline = Instant::now() + REMOVE_TIME;
    for stored in found(&api, &id).await? {
        api.tweets.remove(&stored.keyword, &id, UtcTime::now(), deadline).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn found(api: &Api, id: &PostId) -> Result<Vec<StoredPost>, Problem> {
    let tweets = api.tweets.under_all_keywords(id).await?;
    if tweets.is_empty() {
        return Err(Problem::new(StatusCode::NOT_FOUND, format!("there is no post {:?}", id.as_str())));
    }
    Ok(tweets)
}

fn tweet_id(text: &str) -> Result<PostId, Problem> {
    text.parse().map_err(|error: InvalidPostId| Problem::bad_request(format!("tweetId: {error}")))
}

fn cursor(position: &Position) -> Result<String, Problem> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position)?))
}

/// A cursor says where to go on, not under which keyword: that is the request's own.
fn position(cursor: &str) -> Result<Position, Problem> {
    let json = URL_SAFE_NO_PAD.decode(cursor).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Problem::bad_request("cursor is not one that this api gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_the_same_and_nothing_else_is_one() {
        let at = Position {
            tweet_id: "1440716895355764743".parse().unwrap(),
            create_date: "2026-11-23T10:00:00.000Z".parse().unwrap(),
        };
        assert_eq!(position(&cursor(&at).unwrap()).unwrap(), at);
        for wrong in ["", "x", "e30", "äö"] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
    }
}
