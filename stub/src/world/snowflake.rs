//! X's ids: a time, and a number that makes them unique.

use jiff::Timestamp;

/// The millisecond from which X's ids count (2010-11-04T01:42:54.657Z).
const EPOCH_MS: i64 = 1_288_834_974_657;

/// How many low bits do not belong to the time.
const SEQUENCE_BITS: u32 = 22;

/// Makes ids, each larger than the last.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    last: u64,
}

impl Ids {
    /// An id of the time `at`, or just above the last id if that one is of a later time.
    pub(crate) fn next(&mut self, at: Timestamp) -> u64 {
        self.last = first_of(at).max(self.last + 1);
        self.last
    }
}

/// The lowest id of the time `at`.
pub(crate) fn first_of(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond() - EPOCH_MS).unwrap_or(0) << SEQUENCE_BITS
}

/// When the post with this id was written, to the millisecond.
pub(crate) fn time_of(id: u64) -> Timestamp {
    let millis = i64::try_from(id >> SEQUENCE_BITS).unwrap_or(i64::MAX).saturating_add(EPOCH_MS);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_its_time_and_grows() {
        let at: Timestamp = "2021-09-22T16:37:29Z".parse().unwrap();
        // A public id of that second, assigned by X.
        assert!((first_of(at)..first_of(at) + (1000 << SEQUENCE_BITS)).contains(&1_440_716_895_355_764_743));
        let mut ids = Ids::default();
        let first = ids.next(at);
        assert!(ids.next(at) > first && ids.next(Timestamp::UNIX_EPOCH) > first);
    }
}
