//! `/stream`: what is desired, and how it fares.

use axum::extract::State;
use axum::http::StatusCode;
use posts::{Gap, Keyword, KeywordStatus, Removed, StreamReport, StreamState, UtcTime};
use serde::{Deserialize, Serialize};

use crate::request::{Json, NoParameters, Query};
use crate::{Api, Problem, reconcile};

/// How many gaps are shown.
const GAPS_SHOWN: i32 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    keyword: Keyword,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    keyword: Option<Keyword>,
}

/// The stream as it should be and as it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stream {
    /// `running` or `stopped`.
    desired: &'static str,
    /// As its reader last said; `starting` while there is none, `stopped` when there need be none.
    state: StreamState,
    reason: Option<String>,
    keywords: Vec<KeywordStatus>,
    /// What its reader last said of itself.
    report: Option<StreamReport>,
    /// The times in which posts may have been missed, and what became of them; the latest first.
    gaps: Vec<Gap>,
}

/// Collects a keyword from now on.
pub(crate) async fn start(
    State(api): State<Api>,
    Json(Start { keyword }): Json<Start>,
) -> Result<(StatusCode, axum::Json<Stream>), Problem> {
    api.status.add_keyword(&keyword, UtcTime::now()).await?;
    changed(&api).await
}

/// Stops collecting a keyword, or all of them.
pub(crate) async fn stop(
    State(api): State<Api>,
    Query(Stop { keyword }): Query<Stop>,
) -> Result<(StatusCode, axum::Json<Stream>), Problem> {
    match keyword {
        Some(keyword) => {
            if api.status.remove_keyword(&keyword).await? == Removed::NotThere {
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    format!("the keyword {keyword:?} is not being collected", keyword = keyword.as_str()),
                ));
            }
        }
        None => {
            for status in api.status.keywords().await? {
                api.status.remove_keyword(&status.keyword).await?;
            }
        }
    }
    changed(&api).await
}

/// The stream as it should be and as it is.
pub(crate) async fn show(
    State(api): State<Api>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<axum::Json<Stream>, Problem> {
    Ok(axum::Json(stream(&api).await?))
}

/// What is desired has changed, and that is kept. If making it so fails now, the reconciler's next
/// round does it, so the request has not failed.
async fn changed(api: &Api) -> Result<(StatusCode, axum::Json<Stream>), Problem> {
    if let Err(error) = api.close_queue.wake().await {
        tracing::warn!(%error, "could not wake the streamer; it looks by itself");
    }
    if let Err(error) = reconcile(api).await {
        tracing::warn!(%error, "could not reconcile; the next round does");
    }
    Ok((StatusCode::ACCEPTED, axum::Json(stream(api).await?)))
}

async fn stream(api: &Api) -> Result<Stream, Problem> {
    let keywords = api.status.keywords().await?;
    let (report, launch) = (api.status.report().await?, api.status.launch().await?);
    let now = UtcTime::now();
    let read = api.status.lease_holder().await?.is_some_and(|holder| holder.until > now);
    let desired = !keywords.is_empty();
    let state = match (&report, read) {
        (Some(report), true) => report.state,
        (Some(StreamReport { state: StreamState::Failed, .. }), false) if desired => StreamState::Failed,
        (_, false) if desired && launch.failures > 0 => StreamState::Failed,
        (_, false) if desired => StreamState::Starting,
        (None, true) => StreamState::Starting,
        (_, false) => StreamState::Stopped,
    };
    let told = report.as_ref().filter(|report| report.state == state);
    let told = told.and_then(|report| report.reason.clone());
    let reason = match (state, launch.failures) {
        (StreamState::Failed, failures @ 1..) => Some(format!(
            "{}; failed starts in a row: {failures}, the next one is due at {}",
            told.or(launch.reason).unwrap_or_else(|| "no reason is known".to_owned()),
            launch.not_before.map_or_else(|| "once".to_owned(), |at| at.to_string()),
        )),
        (StreamState::Stopped, _) => None,
        _ => told,
    };
    Ok(Stream {
        desired: if desired { "running" } else { "stopped" },
        state,
        reason,
        keywords,
        report,
        gaps: api.status.latest_gaps(GAPS_SHOWN).await?,
    })
}
