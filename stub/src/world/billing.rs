//! What reading costs, and how much may still be read.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::meter::{Day, Meter, date_of, day_of};
use super::resources::Resources;

/// What a post and a user cost, in micro-dollars.
/// <https://docs.x.com/x-api/getting-started/pricing>
const POST: u64 = 5_000;
const USER: u64 = 10_000;

/// The most posts that a project on X's pay-per-use plan may read in a billing cycle.
/// <https://docs.x.com/x-api/usage/introduction>
pub(crate) const MONTHLY_CAP: u64 = 3_000_000;

/// The account's id. Like X's own, it is above 2^53.
pub(crate) const ACCOUNT: u64 = 1_000_000_000_000_000_001;

/// The day of the month on which a billing cycle begins, in UTC: here a cycle is a calendar month.
pub(crate) const CAP_RESET_DAY: i8 = 1;

/// An account's money.
#[derive(Debug)]
pub(crate) struct Billing {
    pub(crate) meter: Meter,
    /// What is left, in micro-dollars; `None` for without end. It can be below zero: an answer is charged when it has
    /// been given.
    pub(crate) credits: Option<i64>,
    /// The most that may be spent in a cycle, in micro-dollars.
    pub(crate) spending_limit: Option<u64>,
    /// The most posts that may be read in a cycle.
    pub(crate) monthly_cap: u64,
    /// Whether the users in `includes` are charged.
    users_charged: bool,
}

/// Why no more may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Credits,
    /// Until the cycle that begins on this day.
    SpendingLimit(Date),
    MonthlyCap,
}

impl Exhausted {
    /// What it is about, in X's words, as people have reported them (<https://github.com/xdevplatform/xdk/issues/25>
    /// has the last).
    pub(crate) fn detail(self) -> String {
        match self {
            Self::Credits => {
                format!(
                    "Your enrolled account [{ACCOUNT}] does not have any credits to fulfill this request."
                )
            }
            Self::SpendingLimit(until) => format!(
                "Your enrolled account [{ACCOUNT}] has reached its billing cycle spend cap. API requests will be \
                 blocked until the next cycle begins on {until}."
            ),
            Self::MonthlyCap => "Usage cap exceeded: Monthly product cap".to_owned(),
        }
    }

    /// The last message of a stream that it ends.
    pub(crate) fn in_the_stream(self) -> Value {
        json!({ "errors": [{
            "title": "usage-capped", "detail": self.detail(), "type": "https://api.x.com/2/problems/usage-capped",
        }] })
    }
}

impl Default for Billing {
    fn default() -> Self {
        Self::new(None, MONTHLY_CAP, false)
    }
}

impl Billing {
    pub(crate) fn new(credits: Option<u64>, monthly_cap: u64, users_charged: bool) -> Self {
        let credits = credits.map(balance);
        Self { meter: Meter::default(), credits, spending_limit: None, monthly_cap, users_charged }
    }

    /// Charges what was delivered at this time.
    pub(crate) fn deliver(&mut self, resources: &Resources, at: Timestamp) {
        let (posts, users) = self.meter.deliver(resources, at);
        self.spend(posts * POST + if self.users_charged { users * USER } else { 0 });
    }

    /// Charges a request that costs something by itself.
    pub(crate) fn request(&mut self, micro_dollars: u64, at: Timestamp) {
        self.meter.request(at);
        self.spend(micro_dollars);
    }

    fn spend(&mut self, micro_dollars: u64) {
        self.meter.spend(micro_dollars);
        self.credits = self.credits.map(|credits| credits.saturating_sub_unsigned(micro_dollars));
    }

    /// Whether, and why, no more may be read now.
    pub(crate) fn exhausted(&self, at: Timestamp) -> Option<Exhausted> {
        if self.credits.is_some_and(|credits| credits <= 0) {
            return Some(Exhausted::Credits);
        }
        let cycle = self.cycle(at);
        if self.spending_limit.is_some_and(|limit| cycle.micro_dollars >= limit) {
            return Some(Exhausted::SpendingLimit(next_cycle(at)));
        }
        (cycle.posts >= self.monthly_cap).then_some(Exhausted::MonthlyCap)
    }

    /// The sums of the current cycle.
    pub(crate) fn cycle(&self, at: Timestamp) -> Day {
        let number = day_of(at) - i64::from(date_of(at).day() - CAP_RESET_DAY);
        self.meter.since(number).fold(Day { number, ..Day::default() }, |sum, day| Day {
            number,
            posts: sum.posts + day.posts,
            users: sum.users + day.users,
            requests: sum.requests + day.requests,
            micro_dollars: sum.micro_dollars + day.micro_dollars,
        })
    }
}

/// An amount as a balance.
pub(crate) fn balance(micro_dollars: u64) -> i64 {
    i64::try_from(micro_dollars).unwrap_or(i64::MAX)
}

/// The first day of the next cycle.
fn next_cycle(at: Timestamp) -> Date {
    let last = date_of(at).last_of_month();
    last.tomorrow().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(billing: &mut Billing, posts: impl IntoIterator<Item = u64>, at: Timestamp) {
        let posts: Vec<u64> = posts.into_iter().collect();
        billing.deliver(&Resources { users: posts.clone(), posts }, at);
    }

    #[test]
    fn a_post_costs_half_a_cent_once_a_day_and_users_are_charged_on_request() {
        let at: Timestamp = "2026-08-22T10:00:00Z".parse().unwrap();
        let mut billing = Billing::new(Some(30_000), MONTHLY_CAP, false);
        read(&mut billing, [1, 2, 3, 3], at);
        billing.request(10_000, at);
        assert_eq!((billing.credits, billing.exhausted(at)), (Some(5_000), None));
        read(&mut billing, [3, 4, 5], at);
        assert_eq!((billing.credits, billing.exhausted(at)), (Some(-5_000), Some(Exhausted::Credits)));
        let mut billing = Billing::new(Some(30_000), MONTHLY_CAP, true);
        read(&mut billing, [1], at);
        assert_eq!(billing.credits, Some(15_000));
        assert_eq!(billing.cycle(at).micro_dollars, 15_000);
    }

    #[test]
    fn a_spending_limit_and_the_cap_hold_until_the_next_cycle() {
        let (last, next): (Timestamp, Timestamp) =
            ("2026-12-31T23:59:59Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
        let mut billing = Billing::new(None, 3, false);
        read(&mut billing, 1..3, "2026-12-01T00:00:00Z".parse().unwrap());
        assert_eq!(billing.exhausted(last), None);
        read(&mut billing, 3..4, last);
        assert_eq!(billing.exhausted(last), Some(Exhausted::MonthlyCap));
        assert_eq!(billing.exhausted(next), None);
        billing.spending_limit = Some(15_000);
        let until = "2027-01-01".parse().unwrap();
        assert_eq!(billing.exhausted(last), Some(Exhausted::SpendingLimit(until)));
        assert_eq!(billing.exhausted(next), None);
    }
}
