//! What is counted across connections and across readers: posts, connections, requests, cursors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stream::reading::{Reading, Window};
use utc_time::UtcTime;

use crate::cursor::Cursor;
use crate::reconnect::{CONNECTS, CONNECTS_LEFT, connect_wait, request_wait};

/// The endpoint that opens a stream.
pub(crate) const CONNECT: &str = "connect";

/// Requests that are never used of a window: what was asked just before a crash was not noted.
const RESERVE: u32 = 15;

/// Days whose posts are remembered: a clock that is set back finds what that day has used.
const DAYS: usize = 3;

/// How often it is looked whether the budget allows posts again: days begin, and clocks are set.
const LOOK_AT_BUDGET: Duration = Duration::from_secs(5);

/// What is counted across connections and across readers. It is saved every two seconds, and before
/// each connection, so that the next reader keeps the same limits and goes on from the same place.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    reading: Arc<Mutex<Reading>>,
    cursors: Arc<Mutex<BTreeMap<String, Cursor>>>,
    /// Posts that have been asked for and have not come yet.
    asked_for: Arc<Mutex<u64>>,
    daily_post_budget: Option<u64>,
}

/// Posts that may be asked for at once. They count as read until this is dropped; what has come by then is
/// counted by itself.
#[derive(Debug)]
pub(crate) struct Allowance {
    ledger: Ledger,
    posts: u64,
}

impl Allowance {
    /// How many.
    pub(crate) fn posts(&self) -> u64 {
        self.posts
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        *self.ledger.asked_for() -= self.posts;
    }
}

impl Ledger {
    /// Goes on from what the last reader left.
    pub(crate) fn new(reading: Reading, daily_post_budget: Option<u64>) -> Self {
        Self {
            reading: Arc::new(Mutex::new(reading)),
            cursors: Arc::default(),
            asked_for: Arc::default(),
            daily_post_budget,
        }
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        // Nothing panics while it holds the lock.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursors(&self) -> MutexGuard<'_, BTreeMap<String, Cursor>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked_for(&self) -> MutexGuard<'_, u64> {
        self.asked_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to when what a connection delivered, or failed to, is known: where the last reader left its cursor,
    /// or later, where a gap that is on record covers a pause that is over. None if it was never read.
    pub(crate) fn left_at(&self, connection: &str, now: UtcTime) -> Option<UtcTime> {
        let reading = self.reading();
        let cursor = reading.cursors.get(connection).copied()?.min(now);
        let paused_until = reading.paused_until.get(connection).filter(|until| **until <= now);
        Some(paused_until.map_or(cursor, |until| cursor.max(*until)))
    }

    /// From now on a connection's cursor is this one.
    pub(crate) fn follow(&self, connection: &str, cursor: Cursor) {
        self.cursors().insert(connection.to_owned(), cursor);
    }

    /// Forgets the cursors of all connections but these.
    pub(crate) fn keep_only(&self, connections: &BTreeSet<&String>) {
        self.cursors().retain(|name, _| connections.contains(name));
        let mut reading = self.reading();
        reading.cursors.retain(|name, _| connections.contains(name));
        reading.paused_until.retain(|name, _| connections.contains(name));
    }

    /// Gaps that are on record say that a connection reads nothing until then.
    pub(crate) fn pause(&self, connection: &str, until: UtcTime) {
        self.reading().paused_until.insert(connection.to_owned(), until);
    }

    /// Until when gaps say that a connection reads nothing, if they do.
    pub(crate) fn paused_until(&self, connection: &str) -> Option<UtcTime> {
        self.reading().paused_until.get(connection).copied()
    }

    /// No gap says so any more, or the time is over.
    pub(crate) fn resume(&self, connection: &str) {
        self.reading().paused_until.remove(connection);
    }

    /// Counts posts that were read.
    pub(crate) fn count_posts(&self, posts: u64, now: UtcTime) {
        let (mut reading, today) = (self.reading(), now.day());
        *reading.posts_by_day.entry(today.clone()).or_default() += posts;
        while reading.posts_by_day.len() > DAYS {
            let oldest = reading.posts_by_day.keys().find(|day| **day != today).cloned();
            oldest.and_then(|day| reading.posts_by_day.remove(&day));
        }
    }

    /// Posts read today.
    pub(crate) fn posts_today(&self, now: UtcTime) -> u64 {
        self.reading().posts_by_day.get(&now.day()).copied().unwrap_or_default()
    }

    /// How many posts may be read in a day.
    pub(crate) fn daily_post_budget(&self) -> Option<u64> {
        self.daily_post_budget
    }

    /// How many posts may still be read today to heal gaps: the last ones are the stream's, which goes first.
    fn posts_left_for_healing(&self, now: UtcTime) -> u64 {
        const STREAM: u64 = 100;
        let streams = self.daily_post_budget.map_or(0, |budget| STREAM.min(budget / 10));
        self.posts_left(now).saturating_sub(streams)
    }

    /// How many posts may still be read today.
    fn posts_left(&self, now: UtcTime) -> u64 {
        let used = self.posts_today(now).saturating_add(*self.asked_for());
        self.daily_post_budget.map_or(u64::MAX, |budget| budget.saturating_sub(used))
    }

    /// Whether the day's posts are used up.
    pub(crate) fn is_budget_used_up(&self, now: UtcTime) -> bool {
        self.posts_left(now) == 0
    }

    /// Lets up to `most` posts be asked for, if at least `least` may still be read today.
    pub(crate) fn allow(&self, least: u64, most: u64, now: UtcTime) -> Option<Allowance> {
        let posts = self.posts_left_for_healing(now).min(most);
        if posts < least {
            return None;
        }
        *self.asked_for() += posts;
        Some(Allowance { ledger: self.clone(), posts })
    }

    /// Waits until posts may be read.
    pub(crate) async fn budget(&self) {
        while self.is_budget_used_up(UtcTime::now()) {
            tokio::time::sleep(LOOK_AT_BUDGET).await;
        }
    }

    /// Waits until `least` posts may be read to heal gaps.
    pub(crate) async fn budget_for_healing(&self, least: u64) {
        while self.posts_left_for_healing(UtcTime::now()) < least {
            tokio::time::sleep(LOOK_AT_BUDGET).await;
        }
    }

    /// The wait before another connection is opened: by our own count, and by what the source said.
    pub(crate) fn connect_wait(&self, now: UtcTime) -> Duration {
        let by_count = connect_wait(&self.reading().connects, now);
        by_count.max(self.request_wait(CONNECT, now))
    }

    /// A connection is being opened. To be saved before it is.
    pub(crate) fn connecting(&self, now: UtcTime) {
        let mut reading = self.reading();
        reading.connects.push(now);
        let surplus = reading.connects.len().saturating_sub(CONNECTS);
        reading.connects.drain(..surplus);
    }

    /// The wait before a request to `endpoint`.
    pub(crate) fn request_wait(&self, endpoint: &str, now: UtcTime) -> Duration {
        // Connections are noted before they are opened: a crash forgets none.
        let reserve = if endpoint == CONNECT { CONNECTS_LEFT } else { RESERVE };
        request_wait(self.reading().windows.get(endpoint).copied(), reserve, now)
    }

    /// A request to `endpoint` is being made.
    pub(crate) fn requesting(&self, endpoint: &str) {
        if let Some(window) = self.reading().windows.get_mut(endpoint) {
            window.remaining = window.remaining.saturating_sub(1);
        }
    }

    /// `endpoint` said what is left.
    pub(crate) fn answered(&self, endpoint: &str, window: Window) {
        self.reading().windows.insert(endpoint.to_owned(), window);
    }

    /// All of it, as the next reader must know it.
    pub(crate) fn snapshot(&self) -> Reading {
        let cursors = self.cursors();
        let mut reading = self.reading();
        for (connection, cursor) in cursors.iter() {
            reading.cursors.insert(connection.clone(), cursor.at());
        }
        reading.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn the_budget_is_a_days_and_survives_the_reader() {
        let noon = at(12 * 3600);
        let ledger = Ledger::new(Reading::default(), Some(3));
        ledger.count_posts(2, noon);
        assert!(!ledger.is_budget_used_up(noon));
        let next = Ledger::new(ledger.snapshot(), Some(3));
        next.count_posts(1, noon);
        assert!(next.is_budget_used_up(noon));
        assert!(!next.is_budget_used_up(noon.start_of_next_day()));
        assert!(!Ledger::new(next.snapshot(), None).is_budget_used_up(noon));
    }

    #[test]
    fn connections_and_requests_of_the_last_reader_count_for_the_next() {
        let ledger = Ledger::new(Reading::default(), None);
        for _ in 0..CONNECTS {
            assert!(ledger.connect_wait(at(0)).is_zero());
            ledger.connecting(at(0));
        }
        ledger.answered("search", Window { remaining: RESERVE + 1, reset: at(100) });
        assert!(ledger.request_wait("search", at(0)).is_zero());
        ledger.requesting("search");
        let next = Ledger::new(ledger.snapshot(), None);
        assert_eq!(next.connect_wait(at(1)), Duration::from_secs(15 * 60 - 1));
        assert_eq!(next.request_wait("search", at(1)), Duration::from_secs(101));
    }

    #[test]
    fn a_snapshot_has_the_cursors_where_they_are_now() {
        let ledger = Ledger::new(Reading::default(), None);
        assert_eq!(ledger.left_at("x", at(9)), None);
        let cursor = Cursor::new(at(1));
        ledger.follow("x", cursor.clone());
        let hold = cursor.hold(1);
        cursor.reach(at(9));
        assert_eq!(ledger.snapshot().cursors["x"], at(1));
        hold.release();
        assert_eq!(Ledger::new(ledger.snapshot(), None).left_at("x", at(20)), Some(at(9)));
    }

    #[test]
    fn every_one_of_the_documented_connections_can_be_used() {
        let ledger = Ledger::new(Reading::default(), None);
        for opened in 1..=CONNECTS as u32 {
            assert!(ledger.connect_wait(at(0)).is_zero(), "{opened}");
            assert!(ledger.request_wait(CONNECT, at(0)).is_zero(), "nothing else makes it wait: {opened}");
            ledger.connecting(at(0));
            ledger.answered(CONNECT, Window { remaining: 50 - opened, reset: at(900) });
        }
        assert_eq!(ledger.connect_wait(at(0)), Duration::from_secs(902));
        // A human has used them: our own count knows nothing of that.
        let ledger = Ledger::new(Reading::default(), None);
        ledger.answered(CONNECT, Window { remaining: CONNECTS_LEFT, reset: at(100) });
        assert_eq!(ledger.connect_wait(at(0)), Duration::from_secs(102), "the reader says so while it waits");
    }

    #[test]
    fn cursors_of_connections_that_nobody_needs_are_forgotten() {
        let ledger = Ledger::new(Reading::default(), None);
        for name in ["#old", "#new"] {
            ledger.follow(name, Cursor::new(at(1)));
        }
        ledger.pause("#old", at(2));
        let next = Ledger::new(ledger.snapshot(), None);
        next.keep_only(&[&"#new".to_owned()].into());
        let left = next.snapshot();
        assert_eq!(left.cursors.into_keys().collect::<Vec<_>>(), ["#new"]);
        assert!(left.paused_until.is_empty());
    }

    #[test]
    fn what_is_asked_for_counts_until_it_has_come() {
        let noon = at(12 * 3600);
        let ledger = Ledger::new(Reading::default(), Some(300));
        ledger.count_posts(250, noon);
        let page = ledger.allow(10, 100, noon).unwrap();
        assert_eq!(page.posts(), 20, "a tenth of the budget is the stream's");
        assert!(!ledger.is_budget_used_up(noon), "which goes on meanwhile");
        ledger.count_posts(30, noon);
        assert!(ledger.is_budget_used_up(noon), "but does not read what has been asked for");
        assert!(ledger.allow(1, 1, noon).is_none());
        drop(page);
        assert!(!ledger.is_budget_used_up(noon));
        let ledger = Ledger::new(Reading::default(), Some(300));
        ledger.count_posts(265, noon);
        assert!(ledger.allow(10, 100, noon).is_none(), "X gives no page of five");
        assert_eq!(ledger.allow(5, 100, noon).unwrap().posts(), 5);
        assert_eq!(Ledger::new(Reading::default(), None).allow(10, 100, noon).unwrap().posts(), 100);
    }

    #[test]
    fn a_clock_that_goes_wrong_neither_frees_nor_uses_up_a_days_budget() {
        let (today, tomorrow) = (at(12 * 3600), at(36 * 3600));
        let ledger = Ledger::new(Reading::default(), Some(3));
        ledger.count_posts(2, today);
        ledger.count_posts(3, tomorrow);
        assert!(ledger.is_budget_used_up(tomorrow));
        assert!(!ledger.is_budget_used_up(today), "set back, the clock finds its day as it was left");
        ledger.count_posts(1, today);
        assert!(ledger.is_budget_used_up(today));
        for year in 1..9 {
            ledger.count_posts(1, at(year * 365 * 24 * 3600));
        }
        ledger.count_posts(1, today);
        assert!(ledger.snapshot().posts_by_day.len() <= DAYS);
    }

    #[test]
    fn a_pause_that_is_on_record_is_not_missed_again() {
        let ledger = Ledger::new(Reading::default(), Some(3));
        ledger.follow("x", Cursor::new(at(100)));
        ledger.pause("x", at(200));
        let next = Ledger::new(ledger.snapshot(), Some(3));
        assert_eq!(next.left_at("x", at(150)), Some(at(100)), "it lasts, and is told of as before");
        assert_eq!(next.left_at("x", at(300)), Some(at(200)));
        assert_eq!(next.paused_until("x"), Some(at(200)));
        next.resume("x");
        assert_eq!(next.left_at("x", at(300)), Some(at(100)));
    }
}
