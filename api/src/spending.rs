//! What a day and a month have brought and cost, and what the budgets allow.

use serde::Serialize;
use stream::asked::AskedForCounts;
use stream::report::StreamReport;
use stream::tally::KeywordTally;
use utc_time::UtcTime;
use utoipa::ToSchema;

/// What was read in a period that is not over, and its price. Money is summed in whole micro-dollars and shown to the cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spending {
    /// Posts read from the source, each counted once a day (UTC).
    pub(crate) posts: u64,
    /// Users whose posts were read, each counted once a day (UTC), and again after the streamer was started again.
    users: u64,
    /// Requests of counts, which `GET /stream/estimate` makes.
    counts: u64,
    /// What the source charges at least, in US dollars: for posts, for requests of counts, and for users if `usersDollars` is null.
    dollars: f64,
    /// What the source charges for users in addition, in US dollars, if it charges for them, which X does not say. Null if
    /// `dollars` includes them (`CHARGED_FOR_USERS`).
    users_dollars: Option<f64>,
    /// Posts that may be read in the period; null if there is no limit.
    pub(crate) budget_posts: Option<u64>,
    /// What they would cost at least, in US dollars.
    budget_dollars: Option<f64>,
}

impl Spending {
    /// The day (UTC) of `now`, according to the streamer's latest report, with the requests of counts of that day.
    pub(crate) fn today(report: Option<&StreamReport>, asked: AskedForCounts, now: UtcTime) -> Self {
        let of_today = report.filter(|report| report.heartbeat_at.day() == now.day());
        Self::new(
            of_today.map_or((0, 0), |report| (report.posts_today, report.users_today)),
            asked,
            report.and_then(|report| report.daily_post_budget),
            report,
        )
    }

    /// The month (UTC) of `now`, according to the streamer's latest report, with the requests of counts of that month.
    pub(crate) fn this_month(report: Option<&StreamReport>, asked: AskedForCounts, now: UtcTime) -> Self {
        let of_month = report.filter(|report| report.heartbeat_at.month() == now.month());
        Self::new(
            of_month.map_or((0, 0), |report| (report.posts_this_month, report.users_this_month)),
            asked,
            report.and_then(|report| report.monthly_post_budget),
            report,
        )
    }

    fn new(
        (posts, users): (u64, u64),
        asked: AskedForCounts,
        budget_posts: Option<u64>,
        report: Option<&StreamReport>,
    ) -> Self {
        let prices = report.map(|report| (report.micro_dollars_a_post, report.micro_dollars_a_user));
        let (a_post, a_user) = prices.unwrap_or_default();
        let for_posts = |posts: u64| posts.saturating_mul(a_post);
        let for_users = users.saturating_mul(a_user);
        let are_charged = report.is_some_and(|report| report.charged_for_users);
        let charged = [for_posts(posts), asked.micro_dollars, if are_charged { for_users } else { 0 }];
        Self {
            posts,
            users,
            counts: asked.requests,
            dollars: dollars(charged.into_iter().fold(0, u64::saturating_add)),
            users_dollars: (!are_charged).then(|| dollars(for_users)),
            budget_posts,
            budget_dollars: budget_posts.map(|posts| dollars(for_posts(posts))),
        }
    }

    /// How much of the budget is used up, in percent; `None` without a budget.
    pub(crate) fn percent_used(&self) -> Option<f64> {
        // Posts are far below 2^53.
        self.budget_posts.map(|budget| 100.0 * self.posts as f64 / budget as f64)
    }
}

/// What a keyword has brought on a day that is not over, and its price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct KeywordSpending {
    /// Posts that the stream delivered and that were fetched for the keyword, saved once a minute. A post of two keywords counts for both,
    /// although the source charges for it once.
    posts: u64,
    /// What the source charges for them at least, in US dollars.
    dollars: f64,
}

impl KeywordSpending {
    /// What `brought` cost, at the price in the streamer's latest report.
    pub(crate) fn new(brought: KeywordTally, report: Option<&StreamReport>) -> Self {
        let posts = brought.posts();
        let price = report.map_or(0, |report| report.micro_dollars_a_post);
        Self { posts, dollars: dollars(posts.saturating_mul(price)) }
    }
}

/// An amount in US dollars, rounded to the cent.
pub(crate) fn dollars(micro_dollars: u64) -> f64 {
    const MICRO_DOLLARS_A_CENT: u64 = 10_000;
    let cents = micro_dollars / MICRO_DOLLARS_A_CENT
        + (micro_dollars % MICRO_DOLLARS_A_CENT * 2) / MICRO_DOLLARS_A_CENT;
    // A hundredth of a whole number is printed with two digits at most.
    cents as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_does_not_count() {
        let now: UtcTime = "2026-12-01T00:00:05Z".parse().unwrap();
        let at = |heartbeat: &str| {
            let report: StreamReport = serde_json::from_value(serde_json::json!({
                "state": "running", "heartbeatAt": heartbeat, "postsRead": 9, "postsToday": 400,
                "postsThisMonth": 2_574, "microDollarsAPost": 5_000, "dailyPostBudget": 10_000,
            }))
            .unwrap();
            let none = AskedForCounts::default();
            (Spending::today(Some(&report), none, now), Spending::this_month(Some(&report), none, now))
        };
        let (today, month) = at("2026-12-01T00:00:01Z");
        assert_eq!((today.posts, today.dollars, today.budget_dollars), (400, 2.0, Some(50.0)));
        assert_eq!((month.posts, month.dollars, month.budget_posts), (2_574, 12.87, None));
        assert_eq!((today.percent_used(), month.percent_used()), (Some(4.0), None));
        let (today, month) = at("2026-11-30T23:59:59Z");
        assert_eq!((today.posts, today.dollars, today.budget_posts), (0, 0.0, Some(10_000)));
        assert_eq!(month.posts, 0);
    }

    #[test]
    fn requests_of_counts_are_part_of_the_sum_and_users_if_they_are_charged() {
        let now: UtcTime = "2026-11-30T10:00:00Z".parse().unwrap();
        let today = |charged_for_users: bool| {
            let report: StreamReport = serde_json::from_value(serde_json::json!({
                "state": "running", "heartbeatAt": now, "postsRead": 9, "postsToday": 400, "usersToday": 150,
                "microDollarsAPost": 5_000, "microDollarsAUser": 10_000, "chargedForUsers": charged_for_users,
            }))
            .unwrap();
            let asked = AskedForCounts { requests: 3, micro_dollars: 25_000 };
            Spending::today(Some(&report), asked, now)
        };
        assert_eq!((today(false).dollars, today(false).users_dollars), (2.03, Some(1.5)));
        assert_eq!((today(true).dollars, today(true).users_dollars, today(true).users), (3.53, None, 150));
        assert_eq!(today(true).counts, 3);
    }

    #[test]
    fn money_is_shown_to_the_cent() {
        let shown = |micro_dollars| serde_json::json!(dollars(micro_dollars)).to_string();
        assert_eq!(shown(12_870_000), "12.87");
        assert_eq!(shown(12_874_999), "12.87");
        assert_eq!(shown(12_875_000), "12.88");
        assert_eq!(shown(5_000), "0.01");
        assert_eq!(shown(0), "0.0");
        assert_eq!(shown(15_000_000_000), "15000.0");
    }
}
