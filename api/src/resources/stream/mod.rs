//! `/stream`: the requested keywords, and how collecting them is going.

mod check;
mod compliance;
mod history;
mod overview;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::Keyword;
use serde::Deserialize;
use stream::forgetting::Forgetting;
use stream::history::HistoryOrder;
use stream::keyword_options::KeywordOptions;
use stream::keywords::Removed;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::limits::RULES;

use self::check::check;
use self::history::HistoryFields;
use self::overview::Stream;
use crate::error::ApiError;
use crate::reconcile::reconcile;
use crate::request::{JsonBody, KeywordParameter, NoParameters, OrNull, Query, QueryTime};
use crate::state::{ControlApi, ReadApi};

/// The most keywords that can be requested: each takes one of X's rules.
const KEYWORDS: usize = RULES;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Start {
    /// A word, a `"phrase"`, or any rule of X's filtered stream; up to 512 bytes of UTF-8.
    #[schema(value_type = Keyword)]
    keyword: KeywordParameter,
    /// Whether reposts are collected; true if absent, or as before if the keyword is being collected already. X's search returns no
    /// reposts, so without them a gap that search heals lacks less.
    #[schema(example = true, nullable = false)]
    reposts: Option<bool>,
    /// How many posts it may bring in a day (UTC), at least 1, fetched ones included. Then it is not read until the next day; other keywords
    /// are. Null lifts the limit; if absent, it is as before.
    #[schema(value_type = Option<u64>, minimum = 1)]
    #[serde(default)]
    max_posts_a_day: Option<OrNull<u64>>,
    /// Posts from before the keyword is started are fetched too, if they were written at this time or later: by X's search, which returns
    /// no reposts. **X charges for each.** `GET /stream` shows how it goes.
    #[schema(value_type = QueryTime, nullable = false)]
    since: Option<QueryTime>,
    /// How many posts since `since` are fetched at most, at least 10; without a limit of its own if absent. The budgets of posts hold too: the
    /// stream goes first.
    #[schema(minimum = 10, nullable = false)]
    max_posts: Option<u64>,
    /// Which of them are fetched first; the newest if absent.
    #[schema(nullable = false)]
    order: Option<HistoryOrder>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Stop {
    /// The keyword; all keywords if absent.
    #[param(inline)]
    keyword: Option<KeywordParameter>,
}

/// Start collecting a keyword
///
/// Its posts are collected until it is stopped. If it is being collected already, only what the request
/// names changes. **X charges for every
/// post that is read**: `GET /stream/estimate` tells how many to expect.
///
/// A stream whose task a person has stopped (`stoppedByHand`) starts again, whichever keyword is named.
///
/// X is asked whether it takes the keyword, which is free. If it cannot be asked, or does not answer within three seconds, the keyword
/// is accepted; if X refuses it then, its `error` in `GET /stream` says why.
#[utoipa::path(
    post,
    path = "/stream",
    operation_id = "startStream",
    tag = "stream",
    request_body(content = Start, example = json!({ "keyword": "rust" })),
    responses(
        (status = 202, description = "The keyword is requested; the stream follows within a minute", body = Stream),
        (status = 409, description = "1,000 keywords are being collected already; the keyword is being forgotten; or other posts from before this one was started were requested"),
        (status = 422, description = "X rejects the keyword, or it is longer than 512 bytes or has invisible characters; or `maxPostsADay`, `since`, `maxPosts` or `order` cannot be used"),
    )
)]
pub(crate) async fn start(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
    JsonBody(Start { keyword, reposts, max_posts_a_day, since, max_posts, order }): JsonBody<Start>,
) -> Result<(StatusCode, Json<Stream>), ApiError> {
    let keyword = keyword.keyword()?;
    let requested = api.status.keywords().await?;
    let present = requested.iter().find(|requested| requested.keyword == keyword);
    if requested.len() >= KEYWORDS && present.is_none() {
        return Err(ApiError::TooManyKeywords { limit: KEYWORDS });
    }
    refuse_forgotten(&api, &keyword).await?;
    let now = UtcTime::now();
    let history = HistoryFields { since, max_posts, order }.history(present, now)?;
    let max_posts_a_day = max_posts_a_day.map(|OrNull(posts)| posts);
    if max_posts_a_day == Some(Some(0)) {
        let reason = "must be at least 1, or null; to stop the keyword, use DELETE".to_owned();
        return Err(ApiError::Unusable { field: "maxPostsADay", reason });
    }
    let options = KeywordOptions { reposts, max_posts_a_day, history };
    check(&api, &keyword, options, present).await?;
    api.status.add_keyword(&keyword, options, now).await?;
    // Forgetting may have begun meanwhile; it looks at the keywords behind its own write.
    if present.is_none()
        && let Err(refused) = refuse_forgotten(&api, &keyword).await
    {
        api.status.remove_keyword(&keyword).await?;
        return Err(refused);
    }
    api.status.start_again(now).await?;
    apply(&api).await
}

/// Refuses a keyword that is being forgotten.
async fn refuse_forgotten(api: &ControlApi, keyword: &Keyword) -> Result<(), ApiError> {
    match api.status.forgetting_of(keyword).await? {
        Some(Forgetting { id, .. }) => Err(ApiError::BeingForgotten { keyword: keyword.clone(), id }),
        None => Ok(()),
    }
}

/// Stop collecting a keyword
///
/// Without `keyword`, all keywords are stopped. Posts that were collected stay.
#[utoipa::path(
    delete,
    path = "/stream",
    operation_id = "stopStream",
    tag = "stream",
    params(Stop),
    responses(
        (status = 202, description = "The keyword is no longer requested; the stream follows within a minute", body = Stream),
        (status = 404, description = "The keyword was not being collected"),
        (status = 422, description = "The keyword is longer than 512 bytes or has invisible characters"),
    )
)]
pub(crate) async fn stop(
    State(api): State<ControlApi>,
    Query(Stop { keyword }): Query<Stop>,
) -> Result<(StatusCode, Json<Stream>), ApiError> {
    match keyword.map(KeywordParameter::keyword).transpose()? {
        Some(keyword) => {
            if api.status.remove_keyword(&keyword).await? == Removed::NotFound {
                return Err(ApiError::KeywordNotRequested(keyword));
            }
        }
        None => api.status.remove_all_keywords().await?,
    }
    apply(&api).await
}

/// Show the stream
///
/// The requested keywords, and how collecting them is going.
#[utoipa::path(
    get,
    path = "/stream",
    operation_id = "showStream",
    tag = "stream",
    responses((status = 200, description = "The stream", body = Stream))
)]
pub(crate) async fn show(
    State(api): State<ReadApi>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Stream>, ApiError> {
    Ok(Json(Stream::read(&api.status, UtcTime::now()).await?))
}

/// Makes the running tasks match the keywords just saved, and shows the stream. The request succeeds even if that fails
/// now: the next run of the reconciler does it.
async fn apply(api: &ControlApi) -> Result<(StatusCode, Json<Stream>), ApiError> {
    let (woken, reconciled) = tokio::join!(api.close_queue.wake(), reconcile(api));
    if let Err(error) = woken {
        tracing::warn!(%error, "failed to wake the streamer; it checks the keywords by itself");
    }
    if let Err(error) = reconciled {
        tracing::warn!(%error, "failed to reconcile; the next run tries again");
    }
    Ok((StatusCode::ACCEPTED, Json(Stream::read(&api.status, UtcTime::now()).await?)))
}
