//! The posts read, by day, and the daily budget.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use utc_time::UtcTime;

/// How many days are remembered: a clock that is set back finds what that day has used.
const DAYS: usize = 3;

/// How often to check whether the budget allows posts again: days begin, and clocks are set.
const CHECK_BUDGET: Duration = Duration::from_secs(5);

/// Counts the posts that are read, for which a source charges. Copies share the count.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    counts: Arc<Mutex<Counts>>,
    daily_budget: Option<u64>,
}

#[derive(Debug)]
struct Counts {
    /// By each day's first moment.
    by_day: BTreeMap<UtcTime, u64>,
    /// Posts that were requested and have not arrived yet.
    asked_for: u64,
}

/// Posts that may be requested. When this is dropped, those that did not arrive are given back.
#[derive(Debug)]
pub(crate) struct Allowance {
    meter: Meter,
    asked_for: u64,
    left: u64,
}

impl Allowance {
    /// How many posts may be requested.
    pub(crate) fn posts(&self) -> u64 {
        self.asked_for
    }

    /// Counts one of them as arrived.
    pub(crate) fn spend(&mut self, now: UtcTime) {
        let mut counts = self.meter.counts();
        if self.left > 0 {
            self.left -= 1;
            counts.asked_for -= 1;
        }
        counts.count(1, now);
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.meter.counts().asked_for -= self.left;
    }
}

impl Counts {
    fn count(&mut self, posts: u64, now: UtcTime) {
        let today = now.start_of_day();
        *self.by_day.entry(today).or_default() += posts;
        while self.by_day.len() > DAYS {
            let oldest = self.by_day.keys().find(|day| **day != today).copied();
            oldest.and_then(|day| self.by_day.remove(&day));
        }
    }
}

impl Meter {
    /// Goes on from what was read before, by day (UTC, as in `2026-11-23`).
    pub(crate) fn new(by_day: BTreeMap<String, u64>, daily_budget: Option<u64>) -> Self {
        let start = |day: &str| format!("{day}T00:00:00Z").parse::<UtcTime>().ok();
        let by_day = by_day.into_iter().filter_map(|(day, posts)| Some((start(&day)?, posts))).collect();
        Self { counts: Arc::new(Mutex::new(Counts { by_day, asked_for: 0 })), daily_budget }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing panics while it holds the lock.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a post that the stream delivered.
    pub(crate) fn count(&self, now: UtcTime) {
        self.counts().count(1, now);
    }

    /// Posts read, by day (UTC, as in `2026-11-23`), of the last few days.
    pub(crate) fn by_day(&self) -> BTreeMap<String, u64> {
        self.counts().by_day.iter().map(|(day, posts)| (day.day(), *posts)).collect()
    }

    /// Posts read today.
    pub(crate) fn today(&self, now: UtcTime) -> u64 {
        self.counts().by_day.get(&now.start_of_day()).copied().unwrap_or_default()
    }

    /// How many posts may be read in a day.
    pub(crate) fn daily_budget(&self) -> Option<u64> {
        self.daily_budget
    }

    /// How many posts may still be read today.
    fn left(&self, now: UtcTime) -> u64 {
        let Some(budget) = self.daily_budget else { return u64::MAX };
        budget.saturating_sub(self.today(now).saturating_add(self.counts().asked_for))
    }

    /// How many posts may still be read today to heal gaps. The last ones are reserved for the stream, which goes first.
    fn left_for_healing(&self, now: UtcTime) -> u64 {
        const STREAM: u64 = 100;
        let streams = self.daily_budget.map_or(0, |budget| STREAM.min(budget / 10));
        self.left(now).saturating_sub(streams)
    }

    /// Whether the day's budget is used up.
    pub(crate) fn is_used_up(&self, now: UtcTime) -> bool {
        self.left(now) == 0
    }

    /// Allows up to `most` posts to be requested, if at least `least` may still be read today.
    pub(crate) fn allow(&self, least: u64, most: u64, now: UtcTime) -> Option<Allowance> {
        let posts = self.left_for_healing(now).min(most);
        if posts < least {
            return None;
        }
        self.counts().asked_for += posts;
        Some(Allowance { meter: self.clone(), asked_for: posts, left: posts })
    }

    /// Waits until posts may be read.
    pub(crate) async fn free(&self) {
        while self.is_used_up(UtcTime::now()) {
            tokio::time::sleep(CHECK_BUDGET).await;
        }
    }

    /// Waits until `least` posts may be read to heal gaps.
    pub(crate) async fn free_for_healing(&self, least: u64) {
        while self.left_for_healing(UtcTime::now()) < least {
            tokio::time::sleep(CHECK_BUDGET).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    /// A meter on which `posts` were read at `now`.
    fn meter(budget: Option<u64>, posts: u64, now: UtcTime) -> Meter {
        Meter::new(BTreeMap::from([(now.day(), posts)]), budget)
    }

    #[test]
    fn the_budget_is_a_days_and_survives_the_reader() {
        let noon = at(12 * 3600);
        let first = meter(Some(3), 2, noon);
        assert!(!first.is_used_up(noon));
        let next = Meter::new(first.by_day(), Some(3));
        next.count(noon);
        assert!(next.is_used_up(noon));
        assert!(!next.is_used_up(noon.start_of_next_day()));
        assert!(!Meter::new(next.by_day(), None).is_used_up(noon));
    }

    #[test]
    fn what_is_asked_for_counts_until_it_has_come() {
        let noon = at(12 * 3600);
        let meter = meter(Some(300), 250, noon);
        let mut page = meter.allow(10, 100, noon).unwrap();
        assert_eq!(page.posts(), 20, "a tenth of the budget is the stream's");
        assert!(!meter.is_used_up(noon), "which goes on meanwhile");
        for _ in 0..30 {
            meter.count(noon);
        }
        assert!(meter.is_used_up(noon), "but does not read what has been asked for");
        assert!(meter.allow(1, 1, noon).is_none());
        page.spend(noon);
        assert!(meter.is_used_up(noon), "nor what has come of it");
        drop(page);
        assert_eq!((meter.today(noon), meter.is_used_up(noon)), (281, false));
    }

    #[test]
    fn a_page_is_asked_for_if_the_budget_has_enough_for_one() {
        let noon = at(12 * 3600);
        let nearly_used_up = meter(Some(300), 265, noon);
        assert!(nearly_used_up.allow(10, 100, noon).is_none(), "X gives no page of five");
        assert_eq!(nearly_used_up.allow(5, 100, noon).unwrap().posts(), 5);
        assert_eq!(meter(None, 0, noon).allow(10, 100, noon).unwrap().posts(), 100);
    }

    #[test]
    fn more_than_was_asked_for_is_counted_too() {
        let noon = at(12 * 3600);
        let meter = meter(None, 0, noon);
        let mut page = meter.allow(1, 1, noon).unwrap();
        page.spend(noon);
        page.spend(noon);
        drop(page);
        assert_eq!(meter.today(noon), 2);
    }

    #[test]
    fn a_clock_that_goes_wrong_neither_frees_nor_uses_up_a_days_budget() {
        let (today, tomorrow) = (at(12 * 3600), at(36 * 3600));
        let meter = Meter::new(BTreeMap::from([(today.day(), 2), (tomorrow.day(), 3)]), Some(3));
        assert!(meter.is_used_up(tomorrow));
        assert!(!meter.is_used_up(today), "set back, the clock finds its day as it was left");
        meter.count(today);
        assert!(meter.is_used_up(today));
        for year in 1..9 {
            meter.count(at(year * 365 * 24 * 3600));
        }
        meter.count(today);
        assert!(meter.by_day().len() <= DAYS);
    }
}
