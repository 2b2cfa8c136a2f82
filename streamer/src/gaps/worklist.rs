//! The gaps that wait to be healed, and what an interruption adds to them.

use std::collections::VecDeque;
use std::time::Duration;

use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use super::interruption::{Backfill, Interruption, Missing};

/// How many gaps may wait to be healed; further ones are recorded as open.
pub(crate) const WAITING: usize = 10_000;

/// The gaps that wait to be healed, in order.
#[derive(Debug)]
pub(crate) struct Worklist {
    waiting: VecDeque<Work>,
    /// How far back posts can be fetched; `None` without a limit.
    fetchable_for: Option<Duration>,
}

/// A gap to be healed.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) gap: Gap,
    /// Set if the source delivers its posts by itself.
    pub(crate) backfilled: Option<Backfill>,
}

/// A change to the records.
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    /// A new gap.
    New(Gap),
    /// A gap that has become part of another.
    Grown { before: Gap, after: Gap },
}

impl Worklist {
    /// A list that begins with the gaps that earlier readers left.
    pub(crate) fn new(left: impl IntoIterator<Item = Gap>, fetchable_for: Option<Duration>) -> Self {
        let waiting = left.into_iter().map(|gap| Work { gap, backfilled: None }).collect();
        Self { waiting, fetchable_for }
    }

    /// The next gap to heal.
    pub(crate) fn next(&mut self) -> Option<Work> {
        self.waiting.pop_front()
    }

    /// Adds those gaps of an interruption that can be healed; returns what is to be recorded of all of them.
    pub(crate) fn add(&mut self, interruption: &Interruption, now: UtcTime) -> Vec<Record> {
        let Interruption { cause, missing, to, heal, backfill, .. } = interruption;
        let mut records = Vec::new();
        for Missing { keyword, from, was_collected, .. } in missing {
            let gap = |from: UtcTime, to: UtcTime, open: Option<String>| Gap {
                keyword: keyword.clone(),
                from,
                to,
                cause: cause.clone(),
                state: if open.is_some() { GapState::Open } else { GapState::Healing },
                healed_by: None,
                posts: 0,
                reason: open,
            };
            // The part that is too old to be fetched.
            let (beyond, reason) = if *heal {
                let horizon = self.fetchable_for.map_or(*from, |time| now.before(time));
                (horizon.min(*to), too_old(self.fetchable_for))
            } else {
                (*to, cause.clone())
            };
            if *from < beyond {
                records.push(Record::New(gap(*from, beyond, Some(reason))));
            }
            let from = (*from).max(beyond);
            if from >= *to {
                continue;
            }
            let new = gap(from, *to, None);
            let backfilled = backfill.as_ref().filter(|backfill| *was_collected && backfill.from <= from);
            let is_full = self.waiting.len() >= WAITING;
            // An overlap is fetched once.
            let overlapping = self.waiting.iter_mut().find(|work| {
                work.gap.keyword == *keyword
                    && work.backfilled.is_none()
                    && from <= work.gap.to
                    && work.gap.from <= *to
            });
            match overlapping.filter(|_| backfilled.is_none()) {
                Some(work) => {
                    let after = work.gap.merged(&new);
                    let before = std::mem::replace(&mut work.gap, after.clone());
                    records.push(Record::Grown { before, after });
                }
                None if is_full => {
                    let reason = "too many gaps wait to be healed".to_owned();
                    records.push(Record::New(gap(from, *to, Some(reason))));
                }
                None => {
                    records.push(Record::New(new.clone()));
                    self.waiting.push_back(Work { gap: new, backfilled: backfilled.cloned() });
                }
            }
        }
        records
    }
}

/// The reason that a gap is too old to be healed, where posts can be fetched for `fetchable_for`.
pub(crate) fn too_old(fetchable_for: Option<Duration>) -> String {
    let days = fetchable_for.unwrap_or_default().as_secs().div_ceil(24 * 3600);
    format!("older than the {days} days for which posts can be fetched again")
}

#[cfg(test)]
mod tests {
    use super::super::interruption::Then;
    use super::*;

    const HOUR: i64 = 3600;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    /// An interruption of a keyword that ends now, at ten hours.
    fn interruption(from: i64, to: i64, heal: bool) -> Interruption {
        let missing =
            Missing { keyword: "a".parse().unwrap(), since: at(0), from: at(from), was_collected: true };
        Interruption {
            cause: "cause".to_owned(),
            missing: vec![missing],
            to: at(to),
            heal,
            backfill: None,
            untold: None,
            then: Then::Nothing,
        }
    }

    /// The state, beginning and end of each record.
    fn told(records: &[Record]) -> Vec<(GapState, UtcTime, UtcTime)> {
        let gaps = records.iter().map(|record| match record {
            Record::New(gap) | Record::Grown { after: gap, .. } => gap,
        });
        gaps.map(|gap| (gap.state, gap.from, gap.to)).collect()
    }

    #[test]
    fn what_is_too_old_to_be_fetched_is_open_and_the_rest_waits() {
        let mut list = Worklist::new([], Some(Duration::from_secs(2 * 3600)));
        let records = list.add(&interruption(7 * HOUR, 10 * HOUR, true), at(10 * HOUR));
        let expected =
            [(GapState::Open, at(7 * HOUR), at(8 * HOUR)), (GapState::Healing, at(8 * HOUR), at(10 * HOUR))];
        assert_eq!(told(&records), expected);
        assert_eq!(list.next().unwrap().gap.from, at(8 * HOUR));
        assert!(list.next().is_none());
    }

    #[test]
    fn what_is_not_to_be_healed_is_open_for_its_own_reason() {
        let mut list = Worklist::new([], None);
        let records = list.add(&interruption(7 * HOUR, 10 * HOUR, false), at(10 * HOUR));
        let Record::New(gap) = &records[0] else { panic!("{records:?}") };
        assert_eq!((gap.state, gap.reason.as_deref()), (GapState::Open, Some("cause")));
        assert!(list.next().is_none());
    }

    #[test]
    fn gaps_that_overlap_become_one() {
        let mut list = Worklist::new([], None);
        let first = list.add(&interruption(7 * HOUR, 8 * HOUR, true), at(10 * HOUR));
        let second = list.add(&interruption(8 * HOUR, 9 * HOUR, true), at(10 * HOUR));
        let Record::New(before) = &first[0] else { panic!("{first:?}") };
        let Record::Grown { before: grown, after } = &second[0] else { panic!("{second:?}") };
        assert_eq!((grown, after.from, after.to), (before, at(7 * HOUR), at(9 * HOUR)));
        assert_eq!(list.next().unwrap().gap, *after);
        assert!(list.next().is_none());
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut list = Worklist::new([], None);
        for number in 0..=WAITING as i64 {
            // They do not touch.
            let records = list.add(&interruption(2 * number, 2 * number + 1, true), at(100_000));
            let expected = if number < WAITING as i64 { GapState::Healing } else { GapState::Open };
            assert_eq!(told(&records)[0].0, expected, "{number}");
        }
    }
}
