//! The stub's own count of what was delivered, by UTC day.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::resources::Resources;

/// How many days are remembered: as many as X's usage can be asked for.
/// <https://docs.x.com/x-api/usage/get-usage>
const DAYS_KEPT: usize = 90;

/// How many ids of the current day are remembered at least; twice as many at most. The world keeps half as many
/// posts, so that a post is forgotten here only when it cannot be delivered again. With more users, one may be
/// counted twice: at X, too, counting each once is "a soft guarantee".
/// <https://docs.x.com/x-api/getting-started/pricing>
const IDS_KEPT: usize = 100_000;

/// What was delivered, by UTC day. A post or user counts once a day.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Those on which something was delivered, in their order.
    days: VecDeque<Day>,
    /// The ids of the last day.
    posts: Seen,
    users: Seen,
}

/// What was delivered on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// Days since 1970.
    pub(crate) number: i64,
    pub(crate) posts: u64,
    pub(crate) users: u64,
    /// Requests that are charged by themselves: counts.
    pub(crate) requests: u64,
    pub(crate) micro_dollars: u64,
}

impl Meter {
    /// Counts what was delivered at this time. Returns how many posts and users of it are the first of their kind on
    /// that day.
    pub(crate) fn deliver(&mut self, resources: &Resources, at: Timestamp) -> (u64, u64) {
        if resources.posts.is_empty() && resources.users.is_empty() {
            return (0, 0);
        }
        self.begin_day(at);
        let posts = resources.posts.iter().map(|id| u64::from(self.posts.insert(*id))).sum();
        let users = resources.users.iter().map(|id| u64::from(self.users.insert(*id))).sum();
        if let Some(day) = self.days.back_mut() {
            day.posts += posts;
            day.users += users;
        }
        (posts, users)
    }

    /// Counts a request that is charged by itself.
    pub(crate) fn request(&mut self, at: Timestamp) {
        self.begin_day(at);
        if let Some(day) = self.days.back_mut() {
            day.requests += 1;
        }
    }

    /// Notes what the last that was counted costs.
    pub(crate) fn spend(&mut self, micro_dollars: u64) {
        if let Some(day) = self.days.back_mut() {
            day.micro_dollars += micro_dollars;
        }
    }

    /// The days from this one on, the oldest first.
    pub(crate) fn since(&self, number: i64) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(move |day| day.number >= number)
    }

    /// The last so many days at this time, its own among them, the oldest first.
    pub(crate) fn last(&self, days: i64, at: Timestamp) -> impl Iterator<Item = &Day> {
        self.since(day_of(at) - days + 1)
    }

    /// Opens the day of this time, if it is a new one. Days do not come back if the clock is set back.
    fn begin_day(&mut self, at: Timestamp) {
        let number = day_of(at);
        if self.days.back().is_some_and(|day| day.number >= number) {
            return;
        }
        (self.posts, self.users) = Default::default();
        self.days.push_back(Day { number, ..Day::default() });
        if self.days.len() > DAYS_KEPT {
            self.days.pop_front();
        }
    }
}

/// Ids that have been seen.
#[derive(Debug, Default)]
struct Seen {
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

impl Seen {
    /// Whether this id is seen for the first time.
    fn insert(&mut self, id: u64) -> bool {
        if self.older.contains(&id) || !self.newer.insert(id) {
            return false;
        }
        if self.newer.len() >= IDS_KEPT {
            self.older = std::mem::take(&mut self.newer);
        }
        true
    }
}

/// The UTC day of this time, in days since 1970.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// When a day begins.
pub(crate) fn start_of(day: i64) -> Timestamp {
    Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or(Timestamp::MAX)
}

/// The date of this time, in UTC.
pub(crate) fn date_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(meter: &mut Meter, posts: &[u64], users: &[u64], at: &str) -> (u64, u64) {
        let resources = Resources { posts: posts.to_vec(), users: users.to_vec() };
        meter.deliver(&resources, at.parse().unwrap())
    }

    #[test]
    fn an_id_counts_once_a_utc_day() {
        let mut meter = Meter::default();
        assert_eq!(read(&mut meter, &[1, 2], &[7], "2026-08-22T00:00:00Z"), (2, 1));
        assert_eq!(read(&mut meter, &[2, 3], &[7], "2026-08-22T23:59:59Z"), (1, 0));
        assert_eq!(read(&mut meter, &[3], &[7], "2026-08-23T00:00:00Z"), (1, 1), "a new day");
        assert_eq!(read(&mut meter, &[3], &[7], "2026-08-22T23:59:59Z"), (0, 0), "a clock that was set back");
        let days: Vec<(u64, u64)> = meter.since(0).map(|day| (day.posts, day.users)).collect();
        assert_eq!(days, [(3, 1), (1, 1)]);
    }

    #[test]
    fn an_empty_answer_opens_no_day() {
        let mut meter = Meter::default();
        read(&mut meter, &[], &[], "2026-08-22T00:00:00Z");
        assert_eq!(meter.since(0).count(), 0);
    }

    #[test]
    fn ninety_days_are_kept_and_a_bounded_number_of_ids() {
        let mut meter = Meter::default();
        for day in 0..100 {
            meter.deliver(&Resources { posts: vec![1], users: Vec::new() }, start_of(day));
        }
        let days: Vec<i64> = meter.since(0).map(|day| day.number).collect();
        assert_eq!(days, (10..100).collect::<Vec<_>>());
        let days: Vec<i64> = meter.last(7, start_of(99)).map(|day| day.number).collect();
        assert_eq!(days, (93..100).collect::<Vec<_>>());
        for id in 0..5 * IDS_KEPT as u64 {
            assert_eq!(meter.posts.insert(id), id != 1, "{id}");
            assert!(!meter.posts.insert(id.saturating_sub(IDS_KEPT as u64 - 1)));
        }
        assert!(meter.posts.newer.len() + meter.posts.older.len() <= 2 * IDS_KEPT);
    }
}
