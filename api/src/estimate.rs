//! `/stream/estimate`: what a keyword would bring and cost.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use json_api::{Answer, Error, InvalidClient};
use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::parameters::ParameterStore;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::Bucket;
use x::prices::DOLLARS_A_POST;

use crate::request::{AskedKeyword, Query};
use crate::{Problem, ReadApi};

/// How long X may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// X's recent counts.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    client: Result<x::Client, InvalidClient>,
    parameters: ParameterStore,
    token_parameter: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword that may be collected.
    #[param(inline)]
    keyword: AskedKeyword,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Estimate {
    keyword: Keyword,
    /// Posts of the last seven days that X's search finds for it.
    posts: u64,
    /// How many days these counts cover: seven, or less where less has been counted.
    days_counted: f64,
    /// The same by day (UTC), the earliest first; the first and the last day are not whole.
    days: Vec<Day>,
    /// Posts to expect in a day: as many as there were in those days.
    posts_a_day: f64,
    /// What X will charge for them in a day, in US dollars.
    dollars_a_day: f64,
    /// Posts that may be read in a day, for all keywords together, as the reader last said.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_post_budget: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Day {
    /// From this moment on,
    start: UtcTime,
    /// before this one,
    end: UtcTime,
    /// so many posts were made.
    posts: u64,
    /// How much of it has been counted.
    #[serde(skip)]
    counted: Duration,
}

/// What a keyword would bring and cost
///
/// X's recent counts say how many posts of the last seven days its search finds. The stream also delivers quotes of
/// posts that match, which search does not find, so it may bring more. X charges $0.005 for asking.
#[utoipa::path(
    get,
    path = "/stream/estimate",
    operation_id = "estimateStream",
    tag = "stream",
    params(Parameters),
    responses(
        (status = 200, description = "What to expect", body = Estimate),
        (status = 409, description = "Posts do not come from X: nothing is charged, and nothing counted before",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "X does not understand the keyword, or it has too many bytes",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn estimate(
    State(api): State<ReadApi>,
    Query(Parameters { keyword }): Query<Parameters>,
) -> Result<Json<Estimate>, Problem> {
    let keyword = keyword.get()?;
    let Some(counts) = &api.counts else {
        return Err(Problem::new(StatusCode::CONFLICT, "posts do not come from X, which alone counts them"));
    };
    let days = counts.of(&keyword).await?;
    let report = api.status.report().await?;
    let posts = days.iter().map(|day| day.posts).sum();
    let days_counted = days.iter().map(|day| day.counted).sum::<Duration>().as_secs_f64() / DAY.as_secs_f64();
    // What X posts in a week is far below 2^53.
    let posts_a_day = if days_counted > 0.0 { posts as f64 / days_counted } else { 0.0 };
    Ok(Json(Estimate {
        keyword,
        posts,
        days_counted,
        days,
        posts_a_day,
        dollars_a_day: posts_a_day * DOLLARS_A_POST,
        daily_post_budget: report.and_then(|report| report.daily_post_budget),
    }))
}

/// The counts by day (UTC) up to `now`, whatever buckets X has made: it may answer by the hour when asked for days.
fn by_day(buckets: Vec<Bucket>, now: UtcTime) -> Vec<Day> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for bucket in buckets {
        let start = bucket.start;
        // What lies ahead has not been counted.
        let end = bucket.end.min(now);
        let empty = Day { start, end, posts: 0, counted: Duration::ZERO };
        let day = days.entry(start.day()).or_insert(empty);
        (day.start, day.end) = (day.start.min(start), day.end.max(end));
        day.posts += bucket.posts();
        day.counted += end.since(start);
    }
    days.into_values().collect()
}

/// What X says of a request that it refuses.
#[derive(Default, Deserialize)]
struct Refused {
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    message: Option<String>,
}

impl Counts {
    /// Counts of X at `url`, whose bearer token is in `token_parameter`.
    pub(crate) fn new(url: &str, parameters: ParameterStore, token_parameter: String) -> Self {
        service::aws::install_tls();
        Self { client: x::Client::new(url), parameters, token_parameter }
    }

    async fn of(&self, keyword: &Keyword) -> Result<Vec<Day>, Problem> {
        let token = self.parameters.read(&self.token_parameter).await?.unwrap_or_default();
        let Ok(client) = self.client.clone()?.bearing(&token) else {
            return Err(Problem::unavailable("the bearer token holds characters that no token has", None));
        };
        let Answer { outcome, limit } =
            tokio::time::timeout(ANSWER_TIMEOUT, client.counts(keyword.as_str())).await?;
        let refusal = match outcome {
            Ok(buckets) => return Ok(by_day(buckets, UtcTime::now())),
            Err(Error::Refused(refusal)) => refusal,
            Err(error) => return Err(error.into()),
        };
        Err(match refusal.status.as_u16() {
            400 => {
                let Refused { errors, detail } =
                    serde_json::from_value(refusal.explanation).unwrap_or_default();
                let reason = errors.into_iter().find_map(|reason| reason.message).or(detail);
                let reason = reason.unwrap_or_else(|| "X gave no reason".to_owned());
                Problem::unusable("keyword", format!("X does not understand the keyword: {reason}"))
            }
            429 => {
                let wait = limit.map(|limit| limit.reset.since(UtcTime::now()));
                Problem::unavailable("X counts no more until its rate limit's next window", wait)
            }
            status @ (401 | 403) => {
                Problem::unavailable(format!("X refused the bearer token with status {status}"), None)
            }
            status => Problem::unavailable(format!("X answered with status {status}"), None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_gathered_into_days_and_only_what_was_counted_is() {
        let hour = |start: &str, end: &str, count: u64| -> Bucket {
            serde_json::from_value(serde_json::json!({ "start": start, "end": end, "tweet_count": count }))
                .unwrap()
        };
        let buckets = vec![
            hour("2026-11-22T22:30:00Z", "2026-11-22T23:00:00Z", 1),
            hour("2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z", 2),
            hour("2026-11-23T00:00:00Z", "2026-11-23T01:00:00Z", 4),
            hour("2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z", 8),
        ];
        let days = by_day(buckets, "2026-11-23T05:30:00Z".parse().unwrap());
        let told = days
            .iter()
            .map(|day| (day.start.to_string(), day.end.to_string(), day.posts, day.counted.as_secs() / 60));
        let time = |text: &str| format!("2026-11-{text}:00.000Z");
        assert_eq!(
            told.collect::<Vec<_>>(),
            [(time("22T22:30"), time("23T00:00"), 3, 90), (time("23T00:00"), time("23T05:30"), 12, 90)]
        );
        assert!(by_day(Vec::new(), UtcTime::now()).is_empty());
    }
}
