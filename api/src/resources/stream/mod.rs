//! `/stream`: the requested keywords, and how collecting them is going.

mod check;
mod chosen;
mod compliance;
mod history;
mod overview;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures::future::join_all;
use posts::Keyword;
use serde::Deserialize;
use stream::SourceName;
use stream::forgetting::Forgetting;
use stream::history::HistoryOrder;
use stream::keyword_options::KeywordOptions;
use stream::keywords::Removed;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::limits::RULES;

use self::check::check;
use self::chosen::{Chosen, chosen, remove_new};
use self::history::HistoryFields;
use self::overview::Stream;
use crate::error::ApiError;
use crate::reconcile::reconcile;
use crate::request::{JsonBody, KeywordParameter, NoParameters, OrNull, Query, QueryTime};
use crate::state::{ControlApi, ReadApi};
use crate::streams::ControlledStream;

/// The most keywords that can be requested: each takes one of X's rules.
const KEYWORDS: usize = RULES;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Start {
    /// A word, a `"phrase"`, or any rule of X's filtered stream; up to 512 bytes of UTF-8.
    #[schema(value_type = Keyword)]
    keyword: KeywordParameter,
    /// The sources from which it is collected too; others go on as they are. If absent, those from which it is being collected already, or X (or
    /// the only source that is read here). A rule of X's is no rule of Mastodon's, where a keyword is a hashtag, or words that a post must have.
    #[schema(min_items = 1, nullable = false)]
    sources: Option<Vec<SourceName>>,
    /// Whether reposts are collected; true if absent, or as before if the keyword is being collected already. X's search returns no
    /// reposts, so without them a gap that search heals lacks less.
    #[schema(example = true, nullable = false)]
    reposts: Option<bool>,
    /// How many posts it may bring in a day (UTC) from each source, at least 1, fetched ones included. Then it is not read until the next day;
    /// other keywords are. Null lifts the limit; if absent, it is as before.
    #[schema(value_type = Option<u64>, minimum = 1)]
    #[serde(default)]
    max_posts_a_day: Option<OrNull<u64>>,
    /// Posts from before the keyword is started are fetched too, if they were written at this time or later: by X's search, which returns
    /// no reposts. **X charges for each.** `GET /stream` shows how it goes.
    #[schema(value_type = QueryTime, nullable = false)]
    since: Option<QueryTime>,
    /// How many posts since `since` are fetched at most from each source, at least 10; without a limit of its own if absent. The budgets of
    /// posts hold too: the stream goes first.
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
    /// The source from which it is no longer collected; all sources if absent, also those that are not read any more.
    #[param(inline)]
    source: Option<SourceName>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Show {
    /// The source whose stream is shown: X's if absent, or that of the only source.
    #[param(inline)]
    source: Option<SourceName>,
}

/// Start collecting a keyword
///
/// Its posts are collected until it is stopped. If it is being collected already, only what the request
/// names changes. **X charges for every
/// post that is read**: `GET /stream/estimate` tells how many to expect. The answer shows a stream from which the keyword is collected, X's before others.
///
/// A stream whose task a person has stopped (`stoppedByHand`) starts again if any keyword is collected from its source by this.
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
        (status = 422, description = "X rejects the keyword, or it is longer than 512 bytes or has invisible characters; or `sources`, `maxPostsADay`, `since`, `maxPosts` or `order` cannot be used"),
    )
)]
pub(crate) async fn start(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
    JsonBody(Start { keyword, sources, reposts, max_posts_a_day, since, max_posts, order }): JsonBody<Start>,
) -> Result<(StatusCode, Json<Stream>), ApiError> {
    let keyword = keyword.keyword()?;
    let chosen = chosen(&api, &keyword, sources).await?;
    if chosen.iter().any(|each| each.present.is_none() && each.requested >= KEYWORDS) {
        return Err(ApiError::TooManyKeywords { limit: KEYWORDS });
    }
    refuse_forgotten(&api, &keyword).await?;
    let now = UtcTime::now();
    let history = HistoryFields { since, max_posts, order };
    let max_posts_a_day = max_posts_a_day.map(|OrNull(posts)| posts);
    if max_posts_a_day == Some(Some(0)) {
        let reason = "must be at least 1, or null; to stop the keyword, use DELETE".to_owned();
        return Err(ApiError::Unusable { field: "maxPostsADay", reason });
    }
    let mut starts = Vec::new();
    for Chosen { stream, present, requested: _ } in &chosen {
        let options =
            KeywordOptions { reposts, max_posts_a_day, history: history.history(present.as_ref(), now)? };
        if stream.stream.source == SourceName::X {
            check(&api, &keyword, options, present.as_ref()).await?;
        }
        starts.push((&stream.stream.status, options));
    }
    for (status, options) in starts {
        if let Err(error) = status.add_keyword(&keyword, options, now).await {
            if chosen.len() > 1 {
                // Else it would be collected from some of them, and the same request again would leave it at that.
                remove_new(&chosen, &keyword).await?;
            }
            return Err(error.into());
        }
    }
    // Forgetting may have begun meanwhile; it looks at the keywords behind its own write.
    if chosen.iter().any(|each| each.present.is_none())
        && let Err(refused) = refuse_forgotten(&api, &keyword).await
    {
        remove_new(&chosen, &keyword).await?;
        return Err(refused);
    }
    for each in &chosen {
        each.stream.stream.status.start_again(now).await?;
    }
    let streams = chosen.into_iter().map(|each| each.stream).collect();
    apply(&api, streams).await
}

/// Refuses a keyword that is being forgotten.
async fn refuse_forgotten(api: &ControlApi, keyword: &Keyword) -> Result<(), ApiError> {
    match api.streams.of_all().forgetting_of(keyword).await? {
        Some(Forgetting { id, .. }) => Err(ApiError::BeingForgotten { keyword: keyword.clone(), id }),
        None => Ok(()),
    }
}

/// Stop collecting a keyword
///
/// Without `keyword`, all keywords are stopped. Posts that were collected stay. The answer shows a stream from which something was to be stopped, X's before others.
#[utoipa::path(
    delete,
    path = "/stream",
    operation_id = "stopStream",
    tag = "stream",
    params(Stop),
    responses(
        (status = 202, description = "The keyword is no longer requested; the stream follows within a minute", body = Stream),
        (status = 404, description = "The keyword was not being collected"),
        (status = 422, description = "The keyword is longer than 512 bytes or has invisible characters, or the source is not read here"),
    )
)]
pub(crate) async fn stop(
    State(api): State<ControlApi>,
    Query(Stop { keyword, source }): Query<Stop>,
) -> Result<(StatusCode, Json<Stream>), ApiError> {
    let keyword = keyword.map(KeywordParameter::keyword).transpose()?;
    // Keywords wait, too, at sources that are not read any more.
    let mut streams: Vec<&ControlledStream> = api.all_streams().collect();
    if let Some(source) = source {
        streams.retain(|each| each.stream.source == source);
        if streams.is_empty() {
            api.streams.of("source", Some(source))?;
        }
    }
    let mut is_found = false;
    for ControlledStream { stream, .. } in &streams {
        match &keyword {
            Some(keyword) => is_found |= stream.status.remove_keyword(keyword).await? != Removed::NotFound,
            None => stream.status.remove_all_keywords().await?,
        }
    }
    match keyword {
        Some(keyword) if !is_found => Err(ApiError::KeywordNotRequested(keyword)),
        _ => apply(&api, streams).await,
    }
}

/// Show the stream
///
/// The requested keywords, and how collecting them is going. Each source has a stream of its own.
#[utoipa::path(
    get,
    path = "/stream",
    operation_id = "showStream",
    tag = "stream",
    params(Show),
    responses(
        (status = 200, description = "The stream", body = Stream),
        (status = 422, description = "The source is not read here"),
    )
)]
pub(crate) async fn show(
    State(api): State<ReadApi>,
    Query(Show { source }): Query<Show>,
) -> Result<Json<Stream>, ApiError> {
    let stream = api.streams.of("source", source)?;
    Ok(Json(Stream::read(stream, &api.streams, UtcTime::now()).await?))
}

/// Makes the running tasks match the keywords of `streams` just saved, and shows the first. The request succeeds even if that fails
/// now: the next run of the reconciler does it.
async fn apply(
    api: &ControlApi,
    streams: Vec<&ControlledStream>,
) -> Result<(StatusCode, Json<Stream>), ApiError> {
    let woken = join_all(streams.iter().map(|stream| stream.close_queue.wake()));
    let (woken, reconciled) = tokio::join!(woken, reconcile(api));
    for error in woken.into_iter().filter_map(Result::err) {
        tracing::warn!(%error, "failed to wake the streamer; it checks the keywords by itself");
    }
    if let Err(error) = reconciled {
        tracing::warn!(%error, "failed to reconcile; the next run tries again");
    }
    let is_read = |each: &&ControlledStream| api.streams.sources().any(|source| source == each.stream.source);
    let shown = streams.into_iter().find(is_read).unwrap_or_else(|| api.streams.first());
    Ok((StatusCode::ACCEPTED, Json(Stream::read(shown, &api.streams, UtcTime::now()).await?)))
}
