//! `/stream/estimate`: what a keyword would bring and cost.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::Keyword;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use service::parameters::ParameterStore;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::prices::DOLLARS_A_POST;

use crate::request::{AskedKeyword, Query};
use crate::{Problem, ReadApi};

/// How long X may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// X's recent counts.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    http: reqwest::Client,
    url: String,
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

/// What X counted: `post_count` by its own description, which older answers call `tweet_count`; some have both.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    data: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    start: UtcTime,
    end: UtcTime,
    post_count: Option<u64>,
    tweet_count: Option<u64>,
}

/// The counts by day (UTC) up to `now`, whatever buckets X has made: it may answer by the hour when asked for days.
fn by_day(buckets: Vec<Bucket>, now: UtcTime) -> Vec<Day> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for Bucket { start, end, post_count, tweet_count } in buckets {
        // What lies ahead has not been counted.
        let end = end.min(now);
        let empty = Day { start, end, posts: 0, counted: Duration::ZERO };
        let day = days.entry(start.day()).or_insert(empty);
        (day.start, day.end) = (day.start.min(start), day.end.max(end));
        day.posts += post_count.or(tweet_count).unwrap_or_default();
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
        let builder = reqwest::Client::builder()
            .user_agent(concat!("aviary/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWER_TIMEOUT)
            .gzip(true);
        // What can fail here is TLS, which is installed.
        let http = builder.build().unwrap_or_default();
        Self { http, url: url.trim_end_matches('/').to_owned(), parameters, token_parameter }
    }

    async fn of(&self, keyword: &Keyword) -> Result<Vec<Day>, Problem> {
        let token = self.parameters.read(&self.token_parameter).await?.unwrap_or_default();
        let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {token}")) else {
            return Err(Problem::unavailable("the bearer token holds characters that no token has", None));
        };
        authorization.set_sensitive(true);
        let request = self
            .http
            .get(format!("{}/2/tweets/counts/recent", self.url))
            .header(reqwest::header::AUTHORIZATION, authorization)
            .query(&[("query", keyword.as_str()), ("granularity", "day")]);
        let answer = request.send().await.map_err(reqwest::Error::without_url)?;
        let wait = window(answer.headers(), UtcTime::now());
        match answer.status().as_u16() {
            200..=299 => {
                let counted: Counted = answer.json().await.map_err(reqwest::Error::without_url)?;
                Ok(by_day(counted.data, UtcTime::now()))
            }
            400 => {
                let refused: Refused = answer.json().await.unwrap_or_default();
                let reason = refused.errors.into_iter().find_map(|reason| reason.message).or(refused.detail);
                let reason = reason.unwrap_or_else(|| "X gave no reason".to_owned());
                Err(Problem::unusable("keyword", format!("X does not understand the keyword: {reason}")))
            }
            429 => Err(Problem::unavailable("X counts no more until its rate limit's next window", wait)),
            status @ (401 | 403) => {
                Err(Problem::unavailable(format!("X refused the bearer token with status {status}"), None))
            }
            status => Err(Problem::unavailable(format!("X answered with status {status}"), None)),
        }
    }
}

/// How long it is until X's rate limit begins anew.
fn window(headers: &HeaderMap, now: UtcTime) -> Option<Duration> {
    let reset: i64 = headers.get("x-rate-limit-reset")?.to_str().ok()?.parse().ok()?;
    Some(UtcTime::from_millis(reset.checked_mul(1000)?).ok()?.since(now))
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
