//! What today has brought and cost, and what the budget allows.

use serde::Serialize;
use stream::report::StreamReport;
use utc_time::UtcTime;
use utoipa::ToSchema;

/// The posts of the current day (UTC), and their price.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Today {
    /// Posts read from the source.
    pub(crate) posts: u64,
    /// What the source charges for them, in US dollars.
    dollars: f64,
    /// Posts that may be read in a day; null if there is no limit.
    pub(crate) budget_posts: Option<u64>,
    /// What they would cost, in US dollars.
    budget_dollars: Option<f64>,
}

impl Today {
    /// The day of `now`, according to the streamer's latest report.
    pub(crate) fn of(report: Option<&StreamReport>, now: UtcTime) -> Self {
        let budget_posts = report.and_then(|report| report.daily_post_budget);
        let price = report.map_or(0.0, |report| report.dollars_a_post);
        let of_today = report.filter(|report| report.heartbeat_at.day() == now.day());
        let posts = of_today.map_or(0, |report| report.posts_today);
        // A day's posts are far below 2^53.
        let dollars = |posts: u64| posts as f64 * price;
        Self { posts, dollars: dollars(posts), budget_posts, budget_dollars: budget_posts.map(dollars) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterdays_posts_do_not_count() {
        let now: UtcTime = "2026-11-24T00:00:05Z".parse().unwrap();
        let at = |heartbeat: &str| {
            let report: StreamReport = serde_json::from_value(serde_json::json!({
                "state": "running", "heartbeatAt": heartbeat, "postsRead": 9, "postsToday": 400,
                "dollarsAPost": 0.005, "dailyPostBudget": 10_000,
            }))
            .unwrap();
            let today = Today::of(Some(&report), now);
            (today.posts, today.dollars, today.budget_posts, today.budget_dollars)
        };
        assert_eq!(at("2026-11-24T00:00:01Z"), (400, 2.0, Some(10_000), Some(50.0)));
        assert_eq!(at("2026-11-23T23:59:59Z"), (0, 0.0, Some(10_000), Some(50.0)));
    }
}
