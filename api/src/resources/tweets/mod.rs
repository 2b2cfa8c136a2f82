//! `/tweets`: the collected posts.

mod fields;
mod parameters;
mod values;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use posts::PostId;
use posts::tweets::{Correction, StoredPost};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::Instant;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::fields::Fields;
use self::parameters::{FormatParameter, Parameters};
use crate::error::ApiError;
use crate::export::error::ExportError;
use crate::export::{self, Format, Shape};
use crate::request::{InvalidValue, NoParameters, PageCursor, PageLimit, Path, Query};
use crate::state::{ControlApi, ReadApi};

/// How long removing a post waits for other writes of the same post.
const REMOVE_TIME: Duration = Duration::from_secs(5);

/// The id in a path.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PostIdParameter(PostId);

impl TryFrom<String> for PostIdParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let id = text.parse().map(Self);
        id.map_err(|_| InvalidValue::new("must be 1 to 128 letters, digits or any of . _ : -"))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tweets {
    /// The posts.
    #[schema(value_type = Vec<StoredPost>)]
    tweets: Vec<Box<RawValue>>,
    /// The `cursor` of the next page; null on the last page.
    next_cursor: Option<String>,
    /// How many posts were read to find these: DynamoDB charges for each.
    read: usize,
}

/// List or export a keyword's posts
///
/// In order of time, either a page at a time or all posts of a range as one export.
///
/// An index finds the keyword and the time range. The other parameters filter what the index finds, those that begin with `not` by leaving posts out: at most
/// 5,000 posts are read for a page, so a page may hold fewer posts than `limit`, or none, and still have a `nextCursor`;
/// `read` says how many were read. Following the cursors returns every post that was stored before the first page
/// exactly once, even while new posts arrive. A new post can be found about a second after it was stored.
///
/// `format` exports posts as lines of JSON or as CSV with a header row. `ids` exports a CSV of the posts' ids alone, which is what X lets you give
/// to others; posts that were removed are in it for 30 days, with the time in `removedAt`, unless there is a filter:
/// nothing tells whether a removed post would match it. In AWS an answer ends after about four megabytes;
/// its header `Link` (`rel="next"`) then names the address of the rest, which has a header row too.
///
/// `fields`, and `columns` for a CSV, choose what is told of a post: all that its source said is stored. In a CSV, a text that a spreadsheet
/// would run as a formula gets an apostrophe before it, unless you ask for `formulas=keep`.
#[utoipa::path(
    get,
    path = "/tweets",
    operation_id = "listTweets",
    tag = "tweets",
    params(Parameters),
    responses(
        (status = 200, description = "The posts",
            headers(("Link" = Option<String>, description = "The rest of an export that did not fit into this answer")),
            content((Tweets = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")),
            links(
                ("tweet" = (operation_id = "showTweet",
                    parameters(("tweetId" = "$response.body#/tweets/0/tweetId")))),
                ("remove" = (operation_id = "removeTweet",
                    parameters(("tweetId" = "$response.body#/tweets/1/tweetId")))),
                ("nextPage" = (operation_id = "listTweets",
                    parameters(("cursor" = "$response.body#/nextCursor"),
                        ("keyword" = "$request.query.keyword")))),
            )),
        (status = 422, description = "The range ends before it begins, or lies before 1970; the cursor belongs to another request; \
            `limit` was sent with an export, or `fields`, `columns` or `formulas` with a format for which they are not; or the keyword is longer than 512 bytes or has invisible characters"),
    )
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(mut parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    let query = parameters.query()?;
    let (fields, formulas) = parameters.shape()?;
    let Parameters { limit, cursor, format, .. } = parameters;
    let after = cursor.map(|cursor| PageCursor::decode(&cursor, &query)).transpose()?;
    let format = match format {
        Some(FormatParameter::Json) | None => {
            let limit = limit.unwrap_or(PageLimit::DEFAULT).get();
            let page = api.tweets.page(&query, limit.into(), after, fields.detail()).await?;
            let next_cursor = page.next.map(|next| PageCursor::encode(next, &query)).transpose()?;
            let tweets = shown(&page.posts, &fields)?;
            return Ok(Json(Tweets { tweets, next_cursor, read: page.read }).into_response());
        }
        Some(FormatParameter::Jsonl) => Format::Jsonl,
        Some(FormatParameter::Csv) => Format::Csv,
        Some(FormatParameter::Ids) => Format::Ids,
    };
    if limit.is_some() {
        let reason = "applies to pages only; an export returns the whole range".to_owned();
        return Err(ApiError::Unusable { field: "limit", reason });
    }
    export::answer(api, query, Shape { format, fields, formulas }, after).await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FieldsOfPost {
    /// The fields of the post, with commas between them, or `all`; as in `GET /tweets`.
    #[param(inline, style = Form, explode = false)]
    fields: Option<Fields>,
}

/// A post under each keyword for which it was collected.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tweet {
    #[schema(value_type = Vec<StoredPost>)]
    tweets: Vec<Box<RawValue>>,
}

/// These posts, with these fields.
fn shown(posts: &[StoredPost], fields: &Fields) -> Result<Vec<Box<RawValue>>, ApiError> {
    let posts: Result<_, _> = posts.iter().map(|post| to_raw_value(&fields.of(post))).collect();
    posts.map_err(|error| ApiError::from(ExportError::from(error)))
}

/// Show a post
///
/// Under each keyword for which it was collected.
#[utoipa::path(
    get,
    path = "/tweets/{tweetId}",
    operation_id = "showTweet",
    tag = "tweets",
    params(("tweetId" = inline(PostId), Path, description = "The post's id"), FieldsOfPost),
    responses(
        (status = 200, description = "The post", body = Tweet),
        (status = 404, description = "There is no post with this id"),
    )
)]
pub(crate) async fn show(
    State(api): State<ReadApi>,
    Path(PostIdParameter(id)): Path<PostIdParameter>,
    Query(FieldsOfPost { fields }): Query<FieldsOfPost>,
) -> Result<Json<Tweet>, ApiError> {
    let fields = fields.unwrap_or_else(Fields::usual);
    let posts = api.tweets.under_all_keywords(&id, fields.detail()).await?;
    if posts.is_empty() {
        return Err(ApiError::NoSuchPost(id));
    }
    Ok(Json(Tweet { tweets: shown(&posts, &fields)? }))
}

/// Remove a post
///
/// Under all keywords. It is counted as removed, and never stored again, for whatever keyword it arrives.
#[utoipa::path(
    delete,
    path = "/tweets/{tweetId}",
    operation_id = "removeTweet",
    tag = "tweets",
    params(("tweetId" = inline(PostId), Path, description = "The post's id")),
    responses(
        (status = 204, description = "The post was removed"),
        (status = 404, description = "There is no post with this id"),
    )
)]
pub(crate) async fn remove(
    State(api): State<ControlApi>,
    Path(PostIdParameter(id)): Path<PostIdParameter>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, ApiError> {
    let deadline = Instant::now() + REMOVE_TIME;
    match api.tweets.remove_everywhere(&id, UtcTime::now(), deadline).await? {
        Correction::Made => Ok(StatusCode::NO_CONTENT),
        Correction::NotNeeded => Err(ApiError::NoSuchPost(id)),
    }
}
