//! How far reading a connection has come, and what of it is not on the queue yet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use utc_time::UtcTime;

/// A point in time: everything that was delivered up to then is on the queue.
///
/// It never passes a received post that the queue has not accepted, in whatever order posts are accepted; and it never goes
/// back.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug)]
struct State {
    /// Up to when everything has been received.
    reached: UtcTime,
    /// What holds the cursor back, by number: where the cursor stays, and how many releases it takes.
    holds: BTreeMap<u64, (UtcTime, usize)>,
    next: u64,
}

/// Holds a cursor where it was until it is released. A hold that is dropped instead holds it for ever: what has not been
/// accepted must be fetched again.
#[derive(Clone, Debug)]
#[must_use]
pub(crate) struct Hold {
    cursor: Cursor,
    number: u64,
}

impl Cursor {
    pub(crate) fn new(at: UtcTime) -> Self {
        let state = State { reached: at, holds: BTreeMap::new(), next: 0 };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), moved: Notify::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that everything up to `at` has been received.
    pub(crate) fn reach(&self, at: UtcTime) {
        let mut state = self.state();
        state.reached = state.reached.max(at);
        if state.holds.is_empty() {
            self.shared.moved.notify_waiters();
        }
    }

    /// Up to when everything has been received.
    pub(crate) fn reached(&self) -> UtcTime {
        self.state().reached
    }

    /// Up to when everything is on the queue.
    pub(crate) fn at(&self) -> UtcTime {
        let state = self.state();
        state.holds.first_key_value().map_or(state.reached, |(_, (at, _))| *at)
    }

    /// Holds the cursor where reading is now, until it has been released `times` times.
    pub(crate) fn hold(&self, times: usize) -> Hold {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let at = state.reached;
        state.holds.insert(number, (at, times));
        Hold { cursor: self.clone(), number }
    }

    /// Waits until it has passed `at`: everything that had been received by then is on the queue.
    pub(crate) async fn passes(&self, at: UtcTime) {
        /// It moves with every post and every keep-alive.
        const LOOK: Duration = Duration::from_secs(1);
        while self.at() <= at {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until nothing holds it back.
    pub(crate) async fn free(&self) {
        loop {
            let moved = self.shared.moved.notified();
            tokio::pin!(moved);
            // From here on, no release goes unnoticed.
            moved.as_mut().enable();
            if self.state().holds.is_empty() {
                return;
            }
            moved.await;
        }
    }
}

impl Hold {
    /// Releases it once.
    pub(crate) fn release(&self) {
        let mut state = self.cursor.state();
        if let Some((_, times)) = state.holds.get_mut(&self.number) {
            *times = times.saturating_sub(1);
            if *times == 0 {
                state.holds.remove(&self.number);
            }
        }
        if state.holds.is_empty() {
            self.cursor.shared.moved.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    proptest! {
        #[test]
        fn it_never_passes_what_is_held_nor_goes_back(
            events in proptest::collection::vec((0..3_u8, 0..40_usize), 0..200)
        ) {
            let cursor = Cursor::new(at(0));
            let mut now = 0;
            // The holds, and when each was taken: two releases each.
            let mut held: Vec<(Hold, i64, usize)> = Vec::new();
            let mut before = cursor.at();
            for (event, index) in events {
                match event {
                    0 => {
                        now += 1;
                        cursor.reach(at(now));
                    }
                    1 => held.push((cursor.hold(2), now, 2)),
                    _ if held.is_empty() => {}
                    _ => {
                        let index = index % held.len();
                        held[index].0.release();
                        held[index].2 -= 1;
                        held.retain(|(_, _, times)| *times > 0);
                    }
                }
                let expected = held.iter().map(|(_, since, _)| *since).min().unwrap_or(now);
                prop_assert_eq!(cursor.at(), at(expected));
                prop_assert!(cursor.at() >= before);
                before = cursor.at();
            }
        }
    }

    #[tokio::test]
    async fn it_tells_when_it_is_free() {
        let cursor = Cursor::new(at(0));
        cursor.free().await;
        let hold = cursor.hold(1);
        let free = tokio::spawn({
            let cursor = cursor.clone();
            async move { cursor.free().await }
        });
        tokio::task::yield_now().await;
        assert!(!free.is_finished());
        hold.release();
        free.await.unwrap();
    }
}
