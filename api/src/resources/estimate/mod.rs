//! `/stream/estimate`: how many posts a keyword would bring, and what they would cost.

mod arithmetic;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use posts::Keyword;
use serde::{Deserialize, Serialize};
use stream::asked::AskedForCounts;
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};
use x::prices::{MICRO_DOLLARS_A_POST, MICRO_DOLLARS_A_USER};

use self::arithmetic::{a_day, by_day, in_days, price, reposts_beside_each, since_then};
use crate::error::ApiError;
use crate::request::{KeywordParameter, Query, QueryTime};
use crate::spending::dollars;
use crate::state::ControlApi;
use crate::x_api::Counts;

/// How far back the average of a day goes.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The keyword to estimate; it need not be collected.
    #[param(inline)]
    keyword: KeywordParameter,
    /// Estimates the posts since then too, as `since` of `POST /stream` would fetch them. More than seven days ago, X counts up to a
    /// year of days, and charges $0.010 for each month of them.
    #[param(inline)]
    since: Option<QueryTime>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Estimate {
    keyword: Keyword,
    /// Posts that X's search finds for the keyword, of the last seven days or of those since `since` that were counted.
    posts: u64,
    /// How many days the counts cover.
    days_counted: f64,
    /// The same counts by day (UTC), earliest first; the first and the last day are incomplete.
    days: Vec<Day>,
    /// Expected posts a day that are no reposts: the average of the last seven days.
    posts_a_day: f64,
    /// Expected reposts a day, which the stream delivers and X's search does not count: by the share of reposts that the stream delivered
    /// yesterday and today for this keyword, or else for all. Null if it delivered too few to tell.
    reposts_a_day: Option<f64>,
    /// What X charges for all of them in a day at least, in US dollars. Without `repostsADay`, reposts are left out.
    dollars_a_day: f64,
    /// What X would charge in a day for their authors, in US dollars, if each had another author. Whether X charges for authors, it does
    /// not say.
    users_dollars_a_day: f64,
    /// The posts since `since`; null without it.
    since: Option<SinceThen>,
    /// What this estimate has cost.
    asked: Asking,
    /// Posts that may be read in a day for all keywords together, as the streamer last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_post_budget: Option<u64>,
    /// Posts that may be read in a month for all keywords together, as the streamer last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_post_budget: Option<u64>,
}

/// The posts that fetching from a time on would bring, which are never reposts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SinceThen {
    /// The time.
    since: UtcTime,
    /// The posts.
    posts: u64,
    /// Whether X was not asked to count all of them: those before the first of `days` are taken from the average of those after.
    is_extrapolated: bool,
    /// What X charges for them, in US dollars.
    dollars: f64,
    /// What X would charge for their authors, in US dollars, if each had another author and X charged for authors.
    users_dollars: f64,
}

/// What asking X has cost.
#[derive(Serialize, ToSchema)]
struct Asking {
    /// How many requests were made.
    requests: u64,
    /// What X charges for them, in US dollars.
    dollars: f64,
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
/// X's counts say how many posts of the last seven days its search finds, or since `since`. The stream brings more: it also
/// delivers reposts, which are a third to a half of it, and posts that match only by the text that they quote. X charges $0.005 for an estimate
/// of seven days, and $0.010 for each 31 days of a longer one. So it takes a key with the scope `control`, and counts as spent in `GET /stream`.
#[utoipa::path(
    get,
    path = "/stream/estimate",
    operation_id = "estimateStream",
    tag = "stream",
    params(Parameters),
    responses(
        (status = 200, description = "The estimate", body = Estimate),
        (status = 409, description = "Posts do not come from X, which alone offers counts"),
        (status = 422, description = "X rejects the keyword, or it is longer than 512 bytes or has invisible characters; or `since` cannot be used"),
    )
)]
pub(crate) async fn estimate(
    State(api): State<ControlApi>,
    Query(Parameters { keyword, since }): Query<Parameters>,
) -> Result<Json<Estimate>, ApiError> {
    let keyword = keyword.keyword()?;
    let now = UtcTime::now();
    let since = since.map(|since| since.of_posts("since", now)).transpose()?;
    let x = api.x.as_ref().ok_or(ApiError::NotFromX)?;
    let status = api.streams.x();
    let mut asked = AskedForCounts::default();
    let counts = x.counts(&keyword, since, &mut asked).await;
    // What was answered is paid for, whatever became of the rest.
    if let Err(error) = status.asked_for_counts(asked, now).await {
        tracing::error!(%error, requests = asked.requests, "requests of counts are missing from what was spent");
    }
    let Counts { buckets, is_cut } = counts?;
    let (report, tally) = tokio::try_join!(status.report(), status.tally())?;
    let posts_a_day = a_day(&buckets, now.before(WEEK), now);
    let reposts_a_day = reposts_beside_each(&tally, &keyword).map(|reposts| posts_a_day * reposts);
    let all_a_day = posts_a_day + reposts_a_day.unwrap_or_default();
    let since = since.map(|since| since_then(since, &buckets, is_cut, now));
    let days = by_day(buckets, now);
    Ok(Json(Estimate {
        keyword,
        posts: days.iter().map(|day| day.posts).sum(),
        days_counted: in_days(days.iter().map(|day| day.counted).sum()),
        days,
        posts_a_day,
        reposts_a_day,
        dollars_a_day: dollars(price(all_a_day, MICRO_DOLLARS_A_POST)),
        users_dollars_a_day: dollars(price(all_a_day, MICRO_DOLLARS_A_USER)),
        since,
        asked: Asking { requests: asked.requests, dollars: dollars(asked.micro_dollars) },
        daily_post_budget: report.as_ref().and_then(|report| report.daily_post_budget),
        monthly_post_budget: report.and_then(|report| report.monthly_post_budget),
    }))
}
