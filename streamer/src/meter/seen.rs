//! What has been seen today.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use utc_time::UtcTime;

/// How many ids of a day are remembered, in some 10 MB. Of posts, that is five times what X allows in a day on average (3,000,000 a month).
/// Beyond it, each counts as new every time.
pub(super) const REMEMBERED: usize = 500_000;

/// Ids by which posts or users are told apart.
pub(super) type Ids = HashSet<u64, RandomState>;

/// The ids that were seen on the current day (UTC).
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) day: Option<UtcTime>,
    ids: Ids,
}

impl Seen {
    pub(super) fn new(day: Option<UtcTime>, ids: Ids) -> Self {
        Self { day, ids }
    }

    /// Begins the day of `now`; true if it is another than before. The memory of a busy day is not kept.
    pub(super) fn begin(&mut self, now: UtcTime) -> bool {
        let today = Some(now.start_of_day());
        let is_another = self.day != today;
        if is_another {
            *self = Self::new(today, Ids::default());
        }
        is_another
    }

    /// Whether an id has not been seen on the day that was begun.
    pub(super) fn is_new(&mut self, id: u64) -> bool {
        if self.ids.len() == REMEMBERED {
            return !self.ids.contains(&id);
        }
        self.ids.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_a_day() {
        let at = |hour: i64| UtcTime::from_millis(hour * 3600 * 1000).unwrap();
        let mut seen = Seen::default();
        assert!(seen.begin(at(1)));
        assert!(seen.is_new(7) && !seen.is_new(7) && seen.is_new(8));
        assert!(!seen.begin(at(23)) && !seen.is_new(7));
        assert!(seen.begin(at(24)) && seen.is_new(7));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_rest_is_new_each_time() {
        let mut seen = Seen::default();
        for id in 0..REMEMBERED as u64 {
            assert!(seen.is_new(id));
        }
        let beyond = REMEMBERED as u64;
        assert!(!seen.is_new(7) && seen.is_new(beyond) && seen.is_new(beyond));
        assert_eq!(seen.ids.len(), REMEMBERED);
    }
}
