//! `/stream`: what is desired, and how it fares.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::gaps::Gap;
use stream::keywords::{Removed, RequestedKeyword};
use stream::report::{StreamReport, StreamState, Traffic};
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

use crate::gaps::{self, GapCounts};
use crate::request::{AskedKeyword, Json as Body, NoParameters, Query};
use crate::{ControlApi, Problem, ReadApi, reconcile};

/// Keywords that can be desired: X takes 1,000 rules.
/// <https://docs.x.com/x-api/posts/filtered-stream/introduction>
const KEYWORDS: usize = 1000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// A word, a `"phrase"`, or any rule of X's filtered stream; up to 512 bytes of UTF-8.
    #[schema(value_type = Keyword)]
    keyword: AskedKeyword,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Stop {
    /// The keyword; all of them if absent.
    #[param(inline)]
    keyword: Option<AskedKeyword>,
}

/// The stream as it should be and as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stream {
    /// Whether it should run: it should while there are keywords.
    desired: Desired,
    /// As its reader last said; `starting` while there is none, `stopped` when there need be none.
    state: StreamState,
    /// Why it is in this state, where that needs saying.
    reason: Option<String>,
    /// The keywords that are collected, in alphabetical order.
    keywords: Vec<StreamKeyword>,
    /// What today (UTC) has brought and cost.
    today: Today,
    /// What its reader last said of itself.
    report: Option<StreamReport>,
    /// Who may read it, and until when; none when nobody may.
    lease: Option<Held>,
    /// How many gaps of the last 90 days there are.
    gap_counts: GapCounts,
    /// The times in which posts may have been missed, and what became of them: first those that are open or being
    /// healed, up to 100, then the others, up to 20; of both the latest first. `GET /stream/gaps` has all of them.
    gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Desired {
    Running,
    Stopped,
}

/// A keyword that is collected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamKeyword {
    #[serde(flatten)]
    status: RequestedKeyword,
    /// What its reader put on the queue; none if there was nothing, or if it is not among the 100 keywords with
    /// the most posts.
    traffic: Option<Traffic>,
}

/// What a day has brought and cost.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Today {
    /// Posts read from the source.
    pub(crate) posts: u64,
    /// What the source charges for them, in US dollars.
    dollars: f64,
    /// Posts that may be read in a day; none if there is no limit.
    pub(crate) budget_posts: Option<u64>,
    /// What they would cost.
    budget_dollars: Option<f64>,
}

/// The right to read the stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Held {
    /// Who has it: an ECS task's ARN, or what another reader calls itself.
    owner: String,
    /// Until when, unless it is renewed.
    until: UtcTime,
    /// How often it has changed hands.
    epoch: u64,
}

/// Collect a keyword
///
/// From now on, until it is stopped. Collecting one that is collected already changes nothing. **X charges for every post
/// that is read**: `GET /stream/estimate` tells how many there will be.
#[utoipa::path(
    post,
    path = "/stream",
    operation_id = "startStream",
    tag = "stream",
    request_body = Start,
    responses(
        (status = 202, description = "It is desired; the stream follows within a minute", body = Stream),
        (status = 409, description = "1,000 keywords are collected already",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The keyword has too many bytes",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
    Body(Start { keyword }): Body<Start>,
) -> Result<(StatusCode, Json<Stream>), Problem> {
    let keyword = keyword.get()?;
    let there = api.status.keywords().await?;
    if there.len() >= KEYWORDS && !there.iter().any(|status| status.keyword == keyword) {
        let detail = format!("{KEYWORDS} keywords are collected already, as many as X takes; stop one first");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    api.status.add_keyword(&keyword, UtcTime::now()).await?;
    changed(&api).await
}

/// Stop collecting a keyword
///
/// Or all of them. What was collected stays.
#[utoipa::path(
    delete,
    path = "/stream",
    operation_id = "stopStream",
    tag = "stream",
    params(Stop),
    responses(
        (status = 202, description = "It is not desired any more; the stream follows within a minute", body = Stream),
        (status = 404, description = "The keyword was not being collected",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The keyword has too many bytes",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stop(
    State(api): State<ControlApi>,
    Query(Stop { keyword }): Query<Stop>,
) -> Result<(StatusCode, Json<Stream>), Problem> {
    match keyword.map(AskedKeyword::get).transpose()? {
        Some(keyword) => {
            if api.status.remove_keyword(&keyword).await? == Removed::NotThere {
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    format!("the keyword {keyword:?} is not being collected", keyword = keyword.as_str()),
                ));
            }
        }
        None => api.status.remove_all_keywords().await?,
    }
    changed(&api).await
}

/// The stream as it should be and as it is
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
) -> Result<Json<Stream>, Problem> {
    Ok(Json(stream(&api.status, UtcTime::now()).await?))
}

/// What is desired has changed, and that is kept. If making it so fails now, the reconciler's next
/// round does it, so the request has not failed.
async fn changed(api: &ControlApi) -> Result<(StatusCode, Json<Stream>), Problem> {
    let (woken, reconciled) = tokio::join!(api.close_queue.wake(), reconcile(api));
    if let Err(error) = woken {
        tracing::warn!(%error, "could not wake the streamer; it looks by itself");
    }
    if let Err(error) = reconciled {
        tracing::warn!(%error, "could not reconcile; the next round does");
    }
    Ok((StatusCode::ACCEPTED, Json(stream(&api.status, UtcTime::now()).await?)))
}

async fn stream(status: &StreamStatusTable, now: UtcTime) -> Result<Stream, TableError> {
    let (keywords, mut report, launch, holder, (gap_counts, gaps)) = tokio::try_join!(
        status.keywords(),
        status.report(),
        status.launch(),
        status.lease_holder(),
        gaps::shown(status),
    )?;
    let holder = holder.filter(|holder| holder.until > now);
    let read = holder.is_some();
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
        (StreamState::Running, _) => told.or_else(|| report.as_ref().and_then(|report| late(report.lag_ms?))),
        _ => told,
    };
    let missing_from = match &report {
        Some(report) if read => report.missing_from,
        // Where nobody reads, nothing is read since the last reader came as far as it noted.
        _ if desired => status.reading().await?.cursors.into_values().min(),
        _ => None,
    };
    let mut traffic = report.as_mut().map(|report| std::mem::take(&mut report.keywords)).unwrap_or_default();
    let keywords = keywords.into_iter().map(|mut status| {
        let missed = missing_from.map(|from| from.max(status.started_at));
        status.missing_from = [status.missing_from, missed].into_iter().flatten().min();
        StreamKeyword { traffic: traffic.remove(&status.keyword).filter(|_| read), status }
    });
    Ok(Stream {
        desired: if desired { Desired::Running } else { Desired::Stopped },
        state,
        reason,
        keywords: keywords.collect(),
        today: today(report.as_ref(), now),
        report,
        lease: holder.map(|holder| Held {
            owner: holder.lease.owner,
            until: holder.until,
            epoch: holder.lease.epoch,
        }),
        gap_counts,
        gaps,
    })
}

/// What is to be said of a stream that runs, and whose posts are found so many milliseconds after they were made.
fn late(lag_ms: i64) -> Option<String> {
    /// Posts are on their way for a few seconds, and those of a short outage for longer.
    const LATE_MS: i64 = 60_000;
    (lag_ms >= LATE_MS)
        .then(|| format!("posts are stored late: they can be found {} s after they were made", lag_ms / 1000))
}

/// What was read and charged on the day of `now`.
pub(crate) fn today(report: Option<&StreamReport>, now: UtcTime) -> Today {
    let budget_posts = report.and_then(|report| report.daily_post_budget);
    let price = report.map_or(0.0, |report| report.dollars_a_post);
    let of_today = report.filter(|report| report.heartbeat_at.day() == now.day());
    let posts = of_today.map_or(0, |report| report.posts_today);
    // What a day holds is far below 2^53.
    let dollars = |posts: u64| posts as f64 * price;
    Today { posts, dollars: dollars(posts), budget_posts, budget_dollars: budget_posts.map(dollars) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(at: &str) -> StreamReport {
        let report = serde_json::json!({
            "state": "running", "heartbeatAt": at, "postsRead": 9, "postsToday": 400, "dollarsAPost": 0.005,
            "dailyPostBudget": 10_000,
        });
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn a_stream_that_runs_late_says_so() {
        assert_eq!(late(59_999), None);
        assert!(late(122_000).unwrap().contains("found 122 s after"));
    }

    #[test]
    fn what_yesterday_brought_is_not_of_today() {
        let now: UtcTime = "2026-11-24T00:00:05Z".parse().unwrap();
        let spent = |at| {
            let today = today(Some(&report(at)), now);
            (today.posts, today.dollars, today.budget_posts, today.budget_dollars)
        };
        assert_eq!(spent("2026-11-24T00:00:01Z"), (400, 2.0, Some(10_000), Some(50.0)));
        assert_eq!(spent("2026-11-23T23:59:59Z"), (0, 0.0, Some(10_000), Some(50.0)));
    }
}
