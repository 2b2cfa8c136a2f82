//! What is counted across connections and across readers: posts, connections, requests, cursors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::{Reading, UtcTime, Window};

use crate::cursor::Cursor;
use crate::reconnect::{CONNECTS, connect_wait, request_wait};

/// Requests that are never used of a window: what was asked just before a crash was not noted.
const RESERVE: u32 = 15;

/// What is counted across connections and across readers. It is saved every two seconds, and before
/// each connection, so that the next reader keeps the same limits and goes on from the same place.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    reading: Arc<Mutex<Reading>>,
    cursors: Arc<Mutex<BTreeMap<String, Cursor>>>,
    daily_post_budget: Option<u64>,
}

impl Ledger {
    /// Goes on from what the last reader left.
    pub(crate) fn new(reading: Reading, daily_post_budget: Option<u64>) -> Self {
        Self { reading: Arc::new(Mutex::new(reading)), cursors: Arc::default(), daily_post_budget }
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        // Nothing panics while it holds the lock.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cursor of a connection, where the last reader left it; none if there never was one.
    pub(crate) fn left_at(&self, connection: &str) -> Option<UtcTime> {
        self.reading().cursors.get(connection).copied()
    }

    /// From now on a connection's cursor is this one.
    pub(crate) fn follow(&self, connection: &str, cursor: Cursor) {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.to_owned(), cursor);
    }

    /// Counts posts that were read.
    pub(crate) fn count_posts(&self, posts: u64, now: UtcTime) {
        let mut reading = self.reading();
        begin_day(&mut reading, now);
        reading.posts += posts;
    }

    /// Posts read today.
    pub(crate) fn posts_today(&self, now: UtcTime) -> u64 {
        let mut reading = self.reading();
        begin_day(&mut reading, now);
        reading.posts
    }

    /// How many posts may be read in a day.
    pub(crate) fn daily_post_budget(&self) -> Option<u64> {
        self.daily_post_budget
    }

    /// Whether the day's posts are used up.
    pub(crate) fn is_budget_used_up(&self, now: UtcTime) -> bool {
        self.daily_post_budget.is_some_and(|budget| self.posts_today(now) >= budget)
    }

    /// The wait before another connection is opened.
    pub(crate) fn connect_wait(&self, now: UtcTime) -> Duration {
        let reading = self.reading();
        connect_wait(&reading.connects, now).max(request_wait(
            reading.windows.get("connect").copied(),
            0,
            now,
        ))
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
        request_wait(self.reading().windows.get(endpoint).copied(), RESERVE, now)
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
    pub(crate) fn snapshot(&self, now: UtcTime) -> Reading {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reading = self.reading();
        begin_day(&mut reading, now);
        for (connection, cursor) in cursors.iter() {
            reading.cursors.insert(connection.clone(), cursor.at());
        }
        reading.clone()
    }
}

fn begin_day(reading: &mut Reading, now: UtcTime) {
    let day = now.day();
    if reading.day != day {
        (reading.day, reading.posts) = (day, 0);
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
        let next = Ledger::new(ledger.snapshot(noon), Some(3));
        next.count_posts(1, noon);
        assert!(next.is_budget_used_up(noon));
        assert!(!next.is_budget_used_up(noon.start_of_next_day()));
        assert!(!Ledger::new(next.snapshot(noon), None).is_budget_used_up(noon));
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
        let next = Ledger::new(ledger.snapshot(at(1)), None);
        assert_eq!(next.connect_wait(at(1)), Duration::from_secs(15 * 60 - 1));
        assert_eq!(next.request_wait("search", at(1)), Duration::from_secs(101));
    }

    #[test]
    fn a_snapshot_has_the_cursors_where_they_are_now() {
        let ledger = Ledger::new(Reading::default(), None);
        assert_eq!(ledger.left_at("x"), None);
        let cursor = Cursor::new(at(1));
        ledger.follow("x", cursor.clone());
        let hold = cursor.hold(1);
        cursor.reach(at(9));
        assert_eq!(ledger.snapshot(at(9)).cursors["x"], at(1));
        hold.release();
        assert_eq!(Ledger::new(ledger.snapshot(at(9)), None).left_at("x"), Some(at(9)));
    }
}
