//! What outlives a reader: cursors, posts read, and what was used of the source's limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stream::reading::Reading;
use stream::tally::Tally;
use utc_time::UtcTime;

use crate::cursor::Cursor;
use crate::meter::{Budgets, Meter};
use crate::source::{ConnectQuota, Learnt, Memory, OptedOut, RateLimits};
use crate::tallies::Tallies;

/// How long before the cursors, and before what is to be fetched, a post was charged for that the next reader may read again: much longer
/// than any source's lateness. At a post a second, two minutes of ids are still less than a kilobyte, by which DynamoDB charges.
const CHARGED_BEFORE: Duration = Duration::from_secs(120);

/// What outlives a reader. It is saved every two seconds, and before each connection, so that the next reader goes on from
/// the same position and keeps the same limits.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// The posts read, by day.
    pub(crate) meter: Meter,
    /// What each keyword has brought.
    pub(crate) tallies: Tallies,
    /// What is known of the source.
    pub(crate) source: Memory,
    /// The cursors.
    cursors: Arc<Mutex<BTreeMap<String, Cursor>>>,
    positions: Arc<Mutex<Positions>>,
}

/// How far reading has come, by connection.
#[derive(Debug, Default)]
struct Positions {
    /// The cursors that the last reader left and this one has not taken up yet.
    left_at: BTreeMap<String, UtcTime>,
    paused_until: BTreeMap<String, UtcTime>,
    /// From when on posts are to be fetched.
    to_fetch_from: BTreeMap<String, UtcTime>,
}

impl Ledger {
    /// Goes on at `now` from what the last reader saved; `tally` is `None` if it could not be read.
    pub(crate) fn new(
        reading: Reading,
        tally: Option<Tally>,
        budgets: Budgets,
        quota: ConnectQuota,
        now: UtcTime,
    ) -> Self {
        let Reading { cursors, paused_until, metered, connects, windows, learnt } = reading;
        Self {
            meter: Meter::new(metered, budgets, now),
            tallies: tally.map_or_else(Tallies::unread, Tallies::new),
            source: Memory {
                limits: RateLimits::new(quota, connects, windows),
                learnt: Learnt::new(learnt),
                opted_out: OptedOut::default(),
            },
            cursors: Arc::default(),
            positions: Arc::new(Mutex::new(Positions {
                left_at: cursors,
                paused_until,
                ..Positions::default()
            })),
        }
    }

    fn cursors(&self) -> MutexGuard<'_, BTreeMap<String, Cursor>> {
        // Nothing panics while it holds either lock.
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a connection where it was left, or where its first keyword was requested. Returns its cursor, and where it was
    /// left, if it was ever read.
    pub(crate) fn take_up(
        &self,
        connection: &str,
        first_requested: Option<UtcTime>,
        now: UtcTime,
    ) -> (Cursor, Option<UtcTime>) {
        let left_at = self.left_at(connection, now);
        let cursor = Cursor::new(left_at.or(first_requested).unwrap_or(now));
        self.follow(connection, cursor.clone());
        (cursor, left_at)
    }

    /// Up to when a connection's posts are accounted for: where its cursor was left, or later if a recorded gap covers a pause
    /// that is over. `None` if it was never read.
    fn left_at(&self, connection: &str, now: UtcTime) -> Option<UtcTime> {
        let own = self.cursors().get(connection).map(Cursor::at);
        let positions = self.positions();
        let cursor = own.or_else(|| positions.left_at.get(connection).copied())?.min(now);
        let paused_until = positions.paused_until.get(connection).filter(|until| **until <= now);
        Some(paused_until.map_or(cursor, |until| cursor.max(*until)))
    }

    /// Sets a connection's cursor.
    fn follow(&self, connection: &str, cursor: Cursor) {
        self.cursors().insert(connection.to_owned(), cursor);
    }

    /// Drops the cursors of all connections except these.
    pub(crate) fn keep_only(&self, connections: &BTreeSet<&String>) {
        self.cursors().retain(|name, _| connections.contains(name));
        let mut positions = self.positions();
        positions.left_at.retain(|name, _| connections.contains(name));
        positions.paused_until.retain(|name, _| connections.contains(name));
        positions.to_fetch_from.retain(|name, _| connections.contains(name));
    }

    /// Notes that recorded gaps cover a connection's pause up to `until`.
    pub(crate) fn pause(&self, connection: &str, until: UtcTime) {
        self.positions().paused_until.insert(connection.to_owned(), until);
    }

    /// Up to when recorded gaps cover a connection's pause, if it is paused.
    pub(crate) fn paused_until(&self, connection: &str) -> Option<UtcTime> {
        self.positions().paused_until.get(connection).copied()
    }

    /// Notes that a connection's pause is over.
    pub(crate) fn resume(&self, connection: &str) {
        self.positions().paused_until.remove(connection);
    }

    /// Notes from when on a connection's posts are to be fetched, if any are.
    pub(crate) fn is_to_fetch(&self, connection: &str, from: Option<UtcTime>) {
        let to_fetch_from = &mut self.positions().to_fetch_from;
        match from {
            Some(from) => to_fetch_from.insert(connection.to_owned(), from),
            None => to_fetch_from.remove(connection),
        };
    }

    /// Everything that the next reader must know.
    pub(crate) fn snapshot(&self) -> Reading {
        let mut cursors = self.positions().left_at.clone();
        cursors.extend(self.cursors().iter().map(|(connection, cursor)| (connection.clone(), cursor.at())));
        let to_fetch_from = self.positions().to_fetch_from.clone();
        let read_again_from = cursors.values().chain(to_fetch_from.values()).min();
        let read_again_from = read_again_from.copied().unwrap_or_else(UtcTime::now);
        Reading {
            cursors,
            paused_until: self.positions().paused_until.clone(),
            metered: self.meter.metered(read_again_from.before(CHARGED_BEFORE)),
            connects: self.source.limits.connects(),
            windows: self.source.limits.windows(),
            learnt: self.source.learnt.all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn post(id: i64) -> posts::sources::Head {
        let post = serde_json::json!({ "tweetId": id.to_string(), "createDate": at(1), "text": "" });
        (&serde_json::from_value::<posts::Post>(post).unwrap()).into()
    }

    fn ledger(reading: Reading) -> Ledger {
        let tally = Some(Tally::new());
        Ledger::new(
            reading,
            tally,
            Budgets { a_day: Some(3), a_month: None },
            ConnectQuota { most: 45, window: Duration::from_secs(900), reserve: 5 },
            at(9),
        )
    }

    #[test]
    fn a_snapshot_has_all_that_the_next_reader_must_know() {
        let first = ledger(Reading::default());
        assert_eq!(first.left_at("x", at(9)), None);
        let cursor = Cursor::new(at(1));
        first.follow("x", cursor.clone());
        let hold = cursor.hold(1);
        cursor.reach(at(9));
        first.meter.count(&post(1), at(9));
        first.source.limits.connecting(at(9));
        first.source.learnt.note("dialect", "tweets");
        assert_eq!(first.snapshot().cursors["x"], at(1));
        hold.release();
        let next = ledger(first.snapshot());
        assert_eq!((next.left_at("x", at(20)), next.meter.today(at(9))), (Some(at(9)), 1));
        assert_eq!(next.snapshot(), first.snapshot());
        assert_eq!(next.source.learnt.get("dialect").as_deref(), Some("tweets"));
    }

    #[test]
    fn what_may_be_read_again_is_known_to_have_been_charged_for() {
        let ledger = ledger(Reading::default());
        let cursor = Cursor::new(at(0));
        ledger.follow("x", cursor.clone());
        for second in [100, 200, 300, 600] {
            ledger.meter.count(&post(second), at(second));
        }
        let saved = || ledger.snapshot().metered.charged.unwrap().ids.0;
        assert_eq!(saved(), [100, 200, 300, 600].into());
        cursor.reach(at(600));
        assert_eq!(saved(), [600].into(), "the next reader begins at the cursor");
        ledger.is_to_fetch("x", Some(at(320)));
        assert_eq!(saved(), [200, 300, 600].into());
        ledger.is_to_fetch("x", None);
        assert_eq!(saved(), [600].into());
    }

    #[test]
    fn cursors_of_connections_that_nobody_needs_are_forgotten() {
        let ledger = ledger(Reading::default());
        for name in ["#old", "#new"] {
            ledger.follow(name, Cursor::new(at(1)));
        }
        ledger.pause("#old", at(2));
        let next = self::ledger(ledger.snapshot());
        next.keep_only(&[&"#new".to_owned()].into());
        let left = next.snapshot();
        assert_eq!(left.cursors.into_keys().collect::<Vec<_>>(), ["#new"]);
        assert!(left.paused_until.is_empty());
    }

    #[test]
    fn a_pause_that_is_on_record_is_not_missed_again() {
        let ledger = ledger(Reading::default());
        ledger.follow("x", Cursor::new(at(100)));
        ledger.pause("x", at(200));
        let next = self::ledger(ledger.snapshot());
        assert_eq!(next.left_at("x", at(150)), Some(at(100)), "it lasts, and is told of as before");
        assert_eq!(next.left_at("x", at(300)), Some(at(200)));
        assert_eq!(next.paused_until("x"), Some(at(200)));
        next.resume("x");
        assert_eq!(next.left_at("x", at(300)), Some(at(100)));
    }
}
