//! `/stream/estimate`: how many posts a keyword would bring, and what they would cost.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use posts::Keyword;
use serde::{Deserialize, Serialize};
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::Bucket;
use x::prices::MICRO_DOLLARS_A_POST;

use crate::error::ApiError;
use crate::request::{KeywordParameter, Query};
use crate::spending::dollars;
use crate::state::ReadApi;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword to estimate; it need not be collected.
    #[param(inline)]
    keyword: KeywordParameter,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Estimate {
    keyword: Keyword,
    /// Posts of the last seven days that X's search finds for the keyword.
    posts: u64,
    /// How many days the counts cover: seven, or fewer if X counted fewer.
    days_counted: f64,
    /// The same counts by day (UTC), earliest first; the first and the last day are incomplete.
    days: Vec<Day>,
    /// Expected posts a day: the average of the days counted.
    posts_a_day: f64,
    /// What X charges for them in a day at least, in US dollars: reposts are not counted, and X may charge for authors too.
    dollars_a_day: f64,
    /// Posts that may be read in a day for all keywords together, as the streamer last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_post_budget: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Day {
    /// The first time counted.
    start: UtcTime,
    /// The first time not counted any more.
    end: UtcTime,
    /// Posts written in between.
    posts: u64,
    /// How much of the day was counted.
    #[serde(skip)]
    counted: Duration,
}

/// Estimate a keyword's posts and cost
///
/// X's recent counts say how many posts of the last seven days its search finds. The stream brings more: it also
/// delivers reposts, which are a third to a half of it, and posts that match only by the text that they quote. X charges $0.005 for each estimate.
#[utoipa::path(
    get,
    path = "/stream/estimate",
    operation_id = "estimateStream",
    tag = "stream",
    params(Parameters),
    responses(
        (status = 200, description = "The estimate", body = Estimate),
        (status = 409, description = "Posts do not come from X, which alone offers counts"),
        (status = 422, description = "X rejects the keyword, or it is longer than 512 bytes or has invisible characters"),
    )
)]
pub(crate) async fn estimate(
    State(api): State<ReadApi>,
    Query(Parameters { keyword }): Query<Parameters>,
) -> Result<Json<Estimate>, ApiError> {
    let keyword = keyword.keyword()?;
    let x = api.x.as_ref().ok_or(ApiError::NotFromX)?;
    let days = by_day(x.recent_counts(&keyword).await?, UtcTime::now());
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
        // Rounded to whole micro-dollars; a day's cost is far below 2^53 of them.
        dollars_a_day: dollars((posts_a_day * MICRO_DOLLARS_A_POST as f64).round() as u64),
        daily_post_budget: report.and_then(|report| report.daily_post_budget),
    }))
}

/// The counts by day (UTC) up to `now`, whatever buckets X chose: it may count by the hour although days were requested.
fn by_day(buckets: Vec<Bucket>, now: UtcTime) -> Vec<Day> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for bucket in buckets {
        let start = bucket.start;
        // The future has not been counted.
        let end = bucket.end.min(now);
        let empty = Day { start, end, posts: 0, counted: Duration::ZERO };
        let day = days.entry(start.day()).or_insert(empty);
        (day.start, day.end) = (day.start.min(start), day.end.max(end));
        day.posts += bucket.posts();
        day.counted += end.since(start);
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_summed_into_days_up_to_now() {
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
        let days = days
            .iter()
            .map(|day| (day.start.to_string(), day.end.to_string(), day.posts, day.counted.as_secs() / 60));
        let time = |text: &str| format!("2026-11-{text}:00.000Z");
        assert_eq!(
            days.collect::<Vec<_>>(),
            [(time("22T22:30"), time("23T00:00"), 3, 90), (time("23T00:00"), time("23T05:30"), 12, 90)]
        );
        assert!(by_day(Vec::new(), UtcTime::now()).is_empty());
    }
}
