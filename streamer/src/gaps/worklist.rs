//! The gaps that wait to be healed, and what an interruption adds to them.

use std::collections::VecDeque;
use std::time::Duration;

use posts::Keyword;
use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use super::heal::Healed;
use super::interruption::{Backfill, Interruption, Missing};

/// How many gaps may wait to be healed; further ones are recorded as open.
pub(crate) const WAITING: usize = 10_000;

/// The gaps that wait to be healed, in order.
#[derive(Debug)]
pub(crate) struct Worklist {
    waiting: VecDeque<Work>,
    /// The gap that is being fetched.
    fetching: Option<Gap>,
    fetchable: Fetchable,
}

/// When posts can be fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetchable {
    /// How long after it was written a post can certainly be fetched.
    pub(crate) after: Duration,
    /// How far back posts can be fetched; `None` without a limit.
    pub(crate) within: Option<Duration>,
}

/// A gap to be healed.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) gap: Gap,
    /// Set if the source delivers its posts by itself.
    pub(crate) backfilled: Option<Backfill>,
    /// When it can be healed.
    pub(crate) due: UtcTime,
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
    pub(crate) fn new(left: impl IntoIterator<Item = Gap>, fetchable: Fetchable) -> Self {
        let work = |gap: Gap| Work { due: gap.to.after(fetchable.after), gap, backfilled: None };
        Self { waiting: left.into_iter().map(work).collect(), fetching: None, fetchable }
    }

    /// The next gap that can be healed now. Until then, what overlaps it is fetched with it.
    pub(crate) fn next(&mut self, now: UtcTime) -> Option<Work> {
        let index = self.waiting.iter().position(|work| work.due <= now)?;
        let work = self.waiting.remove(index)?;
        self.fetching = work.backfilled.is_none().then(|| work.gap.clone());
        Some(work)
    }

    /// When the next gap can be healed.
    pub(crate) fn next_due(&self) -> Option<UtcTime> {
        self.waiting.iter().map(|work| work.due).min()
    }

    /// Notes what came of the gap that [`Worklist::next`] returned.
    pub(crate) fn healed(&mut self, healed: Healed) {
        self.fetching = None;
        if let Healed::Later(work) = healed {
            self.waiting.push_back(*work);
        }
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
                left: None,
                may_lack: None,
            };
            // The part that is too old to be fetched.
            let (beyond, reason) = if *heal {
                let horizon = self.fetchable.within.map_or(*from, |time| now.before(time));
                (horizon.min(*to), too_old(self.fetchable.within))
            } else {
                (*to, cause.clone())
            };
            if *from < beyond {
                records.push(Record::New(gap(*from, beyond, Some(reason))));
            }
            let from = self.not_fetched_before((*from).max(beyond), *to, keyword);
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
                    && work.gap.left.is_none()
                    && from <= work.gap.to
                    && work.gap.from <= *to
            });
            match overlapping.filter(|_| backfilled.is_none()) {
                Some(work) => {
                    let after = work.gap.merged(&new);
                    let before = std::mem::replace(&mut work.gap, after.clone());
                    work.due = work.due.max(after.to.after(self.fetchable.after));
                    records.push(Record::Grown { before, after });
                }
                None if is_full => {
                    let reason = "too many gaps wait to be healed".to_owned();
                    records.push(Record::New(gap(from, *to, Some(reason))));
                }
                None => {
                    records.push(Record::New(new.clone()));
                    let backfilled = backfilled.cloned();
                    let due = if backfilled.is_some() { now } else { to.after(self.fetchable.after) };
                    self.waiting.push_back(Work { gap: new, backfilled, due });
                }
            }
        }
        records
    }

    /// The beginning of a period from `from` to `to` without what a gap of which a part has been fetched covers: that is not
    /// fetched twice.
    fn not_fetched_before(&self, from: UtcTime, to: UtcTime, keyword: &Keyword) -> UtcTime {
        let begun = self.waiting.iter().filter(|work| work.backfilled.is_none() && work.gap.left.is_some());
        let begun = begun.map(|work| &work.gap).chain(&self.fetching);
        let covering = begun.filter(|gap| gap.keyword == *keyword && gap.from <= from && from <= gap.to);
        covering.map(|gap| gap.to.after(Duration::from_millis(1))).max().unwrap_or(from).min(to)
    }
}

/// The reason that a gap is too old to be healed, where posts can be fetched for `fetchable_for`.
pub(crate) fn too_old(fetchable_for: Option<Duration>) -> String {
    let days = fetchable_for.unwrap_or_default().as_secs().div_ceil(24 * 3600);
    format!("older than the {days} days for which posts can be fetched again")
}

#[cfg(test)]
mod tests {
    use stream::gaps::Period;

    use super::super::interruption::Then;
    use super::*;

    const HOUR: i64 = 3600;

    /// Posts can be fetched at once, and for two hours.
    const TWO_HOURS: Fetchable =
        Fetchable { after: Duration::ZERO, within: Some(Duration::from_secs(2 * 3600)) };

    /// Posts can be fetched after 40 s, and for ever.
    const LATER: Fetchable = Fetchable { after: Duration::from_secs(40), within: None };

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
        let mut list = Worklist::new([], TWO_HOURS);
        let records = list.add(&interruption(7 * HOUR, 10 * HOUR, true), at(10 * HOUR));
        let expected =
            [(GapState::Open, at(7 * HOUR), at(8 * HOUR)), (GapState::Healing, at(8 * HOUR), at(10 * HOUR))];
        assert_eq!(told(&records), expected);
        assert_eq!(list.next(at(10 * HOUR)).unwrap().gap.from, at(8 * HOUR));
        assert!(list.next(at(10 * HOUR)).is_none());
    }

    #[test]
    fn what_is_not_to_be_healed_is_open_for_its_own_reason() {
        let mut list = Worklist::new([], LATER);
        let records = list.add(&interruption(7 * HOUR, 10 * HOUR, false), at(10 * HOUR));
        let Record::New(gap) = &records[0] else { panic!("{records:?}") };
        assert_eq!((gap.state, gap.reason.as_deref()), (GapState::Open, Some("cause")));
        assert_eq!(list.next_due(), None);
    }

    #[test]
    fn gaps_that_overlap_become_one() {
        let mut list = Worklist::new([], LATER);
        let first = list.add(&interruption(7 * HOUR, 8 * HOUR, true), at(10 * HOUR));
        let second = list.add(&interruption(8 * HOUR, 9 * HOUR, true), at(10 * HOUR));
        let Record::New(before) = &first[0] else { panic!("{first:?}") };
        let Record::Grown { before: grown, after } = &second[0] else { panic!("{second:?}") };
        assert_eq!((grown, after.from, after.to), (before, at(7 * HOUR), at(9 * HOUR)));
        assert_eq!(list.next_due(), Some(at(9 * HOUR + 40)));
        assert!(list.next(at(9 * HOUR + 39)).is_none(), "search would not find all of it yet");
        assert_eq!(list.next(at(9 * HOUR + 40)).unwrap().gap, *after);
        assert_eq!(list.next_due(), None);
    }

    #[test]
    fn what_overlaps_a_gap_that_is_being_fetched_begins_at_its_end() {
        let mut list = Worklist::new([], LATER);
        list.add(&interruption(7 * HOUR, 8 * HOUR, true), at(8 * HOUR));
        let fetching = list.next(at(9 * HOUR)).unwrap();
        let overlapping = interruption(8 * HOUR - 30, 9 * HOUR, true);
        let records = list.add(&overlapping, at(9 * HOUR));
        let end = at(8 * HOUR).after(Duration::from_millis(1));
        assert_eq!(told(&records), [(GapState::Healing, end, at(9 * HOUR))]);
        // Also when it waits to go on.
        let left = Some(Period { from: at(7 * HOUR), to: at(7 * HOUR + 60) });
        let due = at(10 * HOUR);
        let gap = Gap { left, ..fetching.gap };
        list.healed(Healed::Later(Box::new(Work { gap, backfilled: None, due })));
        let records = list.add(&interruption(7 * HOUR + 30, 8 * HOUR, true), at(9 * HOUR));
        assert_eq!(records, []);
        assert_eq!(list.next(at(9 * HOUR + 40)).unwrap().gap.from, end);
        assert_eq!(list.next_due(), Some(due));
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut list = Worklist::new([], LATER);
        for number in 0..=WAITING as i64 {
            // They do not touch.
            let records = list.add(&interruption(2 * number, 2 * number + 1, true), at(100_000));
            let expected = if number < WAITING as i64 { GapState::Healing } else { GapState::Open };
            assert_eq!(told(&records)[0].0, expected, "{number}");
        }
    }
}
