//! The gaps that wait to be healed, and what an interruption adds to them.

use std::collections::VecDeque;
use std::time::Duration;

use posts::Keyword;
use stream::gaps::{Gap, GapState};
use stream::history::History;
use utc_time::UtcTime;

use super::interruption::{Backfill, Interruption, Missing};
use super::limits::MARGIN;
use super::outcome::Healed;
use super::pages::Pages;

/// How many gaps may wait to be healed; further ones are recorded as open.
pub(crate) const WAITING: usize = 10_000;

/// The gaps that wait to be healed, in order.
#[derive(Debug)]
pub(crate) struct Worklist {
    waiting: VecDeque<Work>,
    /// The gap that is being fetched.
    fetching: Option<Gap>,
    /// Until when nothing is tried, because the source rejects such requests.
    refused_until: Option<UtcTime>,
    /// Until when no history is tried, because the source rejects the requests that histories take.
    histories_refused_until: Option<UtcTime>,
    /// How long after it was written a post can certainly be fetched.
    fetchable_after: Duration,
}

/// A gap to be healed.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) gap: Gap,
    /// Set if the source delivers its posts by itself.
    pub(crate) backfilled: Option<Backfill>,
    /// When it can be healed.
    pub(crate) due: UtcTime,
    /// When it is healed at the latest, whatever is added to it until then.
    latest: UtcTime,
    /// How often in a row fetching it failed.
    pub(crate) failures: u32,
    /// Where fetching it goes on; `None` at the beginning of what is left of it.
    pub(super) pages: Option<Pages>,
}

/// How long a gap may be put off because others that follow it closely are added to it.
const PUT_OFF: Duration = Duration::from_secs(5 * 60);

impl Work {
    /// A gap that can be healed from `due` on.
    pub(crate) fn new(gap: Gap, due: UtcTime) -> Self {
        Self { gap, backfilled: None, due, latest: due.after(PUT_OFF), failures: 0, pages: None }
    }

    /// A gap that the source delivers by itself, or else one that can be fetched `fetchable_after` its end.
    fn backfilled(gap: Gap, backfill: Option<&Backfill>, fetchable_after: Duration) -> Self {
        let due = backfill.map_or_else(|| gap.to.after(fetchable_after), Backfill::delivered_at);
        Self { backfilled: backfill.cloned(), ..Self::new(gap, due) }
    }

    /// A gap that goes on at `pages` once others have had their turn.
    pub(super) fn going_on(gap: Gap, pages: Option<Pages>, due: UtcTime) -> Self {
        Self { pages, ..Self::new(gap, due) }
    }
}

/// A change to the records.
#[expect(clippy::large_enum_variant, reason = "there are few at a time, and not for long")]
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    /// A new gap.
    New(Gap),
    /// A gap that has become part of another.
    Grown { before: Gap, after: Gap },
}

impl Worklist {
    /// A list that begins with the gaps that earlier readers left.
    pub(crate) fn new(left: impl IntoIterator<Item = Gap>, fetchable_after: Duration) -> Self {
        let mut list = Self {
            waiting: VecDeque::new(),
            fetching: None,
            refused_until: None,
            histories_refused_until: None,
            fetchable_after,
        };
        list.search(left);
        list
    }

    /// Adds gaps that are on record already.
    pub(super) fn search(&mut self, gaps: impl IntoIterator<Item = Gap>) {
        let work = |gap: Gap| {
            let due = gap.to.after(self.fetchable_after);
            Work::new(gap, due)
        };
        self.waiting.extend(gaps.into_iter().map(work));
    }

    /// The next gap that can be healed now. Until then, what overlaps it is fetched with it.
    pub(crate) fn next(&mut self, now: UtcTime) -> Option<Work> {
        let is_due = |work: &Work| self.due(work) <= now;
        // What the stream missed comes before what it never was to deliver.
        let first = self.waiting.iter().position(|work| is_due(work) && work.gap.history.is_none());
        let index = first.or_else(|| self.waiting.iter().position(is_due))?;
        let work = self.waiting.remove(index)?;
        self.fetching = work.backfilled.is_none().then(|| work.gap.clone());
        Some(work)
    }

    /// When the next gap can be healed.
    pub(crate) fn next_due(&self) -> Option<UtcTime> {
        self.waiting.iter().map(|work| self.due(work)).min()
    }

    /// When a gap can be healed.
    fn due(&self, work: &Work) -> UtcTime {
        // What the source delivers by itself takes no request.
        let refused_until = self.refused_until.filter(|_| work.backfilled.is_none());
        let of_history = self.histories_refused_until.filter(|_| work.gap.history.is_some());
        [refused_until, of_history].into_iter().flatten().fold(work.due, UtcTime::max)
    }

    /// From when on posts are to be fetched that may have been read before: those from before a keyword was requested were not.
    pub(crate) fn earliest(&self) -> Option<UtcTime> {
        let gaps = self.waiting.iter().map(|work| &work.gap).chain(&self.fetching);
        gaps.filter(|gap| gap.history.is_none()).map(|gap| gap.from).min()
    }

    /// Notes what came of the gap that [`Worklist::next`] returned.
    pub(crate) fn healed(&mut self, healed: Healed) {
        // One gap is enough to find out when the source takes such requests again: another one next time, for the fault may be this one's. What
        // the source refuses to a history, such as posts of long ago, others do not ask for.
        let refused_until = match &healed {
            Healed::Refused(work) => Some(work.due),
            Healed::Finished | Healed::Later(_) => None,
        };
        match self.fetching.take() {
            Some(gap) if gap.history.is_some() => self.histories_refused_until = refused_until,
            Some(_) => self.refused_until = refused_until,
            None => {}
        }
        if let Healed::Later(work) | Healed::Refused(work) = healed {
            self.waiting.push_back(*work);
        }
    }

    /// Adds those gaps of an interruption that can be healed; returns what is to be recorded of all of them. Posts can be fetched for
    /// `fetchable_for`; `None` without a limit.
    pub(crate) fn add(
        &mut self,
        interruption: &Interruption,
        fetchable_for: Option<Duration>,
        now: UtcTime,
    ) -> Vec<Record> {
        let Interruption { cause, missing, to, heal, backfill, .. } = interruption;
        let mut records = Vec::new();
        for missing in missing {
            let Missing { keyword, from, was_collected, .. } = missing;
            let gap = |from: UtcTime, to: UtcTime, open: Option<String>| Gap {
                state: if open.is_some() { GapState::Open } else { GapState::Healing },
                reason: open,
                ..interruption.gap(missing, from, to)
            };
            self.take_over(missing, backfill.as_ref());
            // The part that is too old to be fetched.
            let (beyond, reason) = if *heal {
                // A little later than what could just be fetched: fetching takes time.
                let horizon = |within: Duration| now.before(within.saturating_sub(MARGIN));
                (fetchable_for.map_or(*from, horizon).min(*to), too_old(fetchable_for.unwrap_or_default()))
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
            // An overlap is fetched once. If the list is full, so is the time between two gaps.
            let end = to.after(self.fetchable_after);
            let found = self.waiting.iter_mut().rev().find(|work| {
                let overlaps = from <= work.gap.to && work.gap.from <= *to && end <= work.latest;
                work.gap.keyword == *keyword
                    && work.backfilled.is_none()
                    && work.gap.left.is_none()
                    && work.gap.history.is_none()
                    && (overlaps || is_full)
            });
            match found.filter(|_| backfilled.is_none()) {
                Some(work) => {
                    let after = work.gap.merged(&new);
                    let before = std::mem::replace(&mut work.gap, after.clone());
                    work.due = work.due.max(after.to.after(self.fetchable_after));
                    records.push(Record::Grown { before, after });
                }
                None if is_full => {
                    let reason = "too many gaps wait to be healed".to_owned();
                    records.push(Record::New(gap(from, *to, Some(reason))));
                }
                None => {
                    records.push(Record::New(new.clone()));
                    self.waiting.push_back(Work::backfilled(new, backfilled, self.fetchable_after));
                }
            }
        }
        records
    }

    /// What a connection did not live long enough to deliver again, the next one delivers with what is missing now, or it is fetched.
    fn take_over(&mut self, missing: &Missing, backfill: Option<&Backfill>) {
        let fetchable_after = self.fetchable_after;
        let is_over = |work: &&mut Work| {
            work.backfilled.as_ref().is_some_and(|backfill| backfill.connection.is_cancelled())
                && work.gap.keyword == missing.keyword
        };
        for work in self.waiting.iter_mut().filter(is_over) {
            let covers = |backfill: &&Backfill| missing.was_collected && backfill.from <= work.gap.from;
            *work = Work::backfilled(work.gap.clone(), backfill.filter(covers), fetchable_after);
        }
    }

    /// Adds a history, unless it is there already; returns its gap, to be recorded.
    pub(crate) fn add_history(&mut self, keyword: &Keyword, history: History, reposts: bool) -> Gap {
        let gaps = self.waiting.iter().map(|work| &work.gap).chain(&self.fetching);
        let mut present = gaps.filter(|gap| gap.keyword == *keyword && gap.history == Some(history)).cloned();
        present.next().unwrap_or_else(|| {
            let gap = history.gap(keyword.clone(), reposts);
            self.waiting.push_back(Work::new(gap.clone(), gap.to.after(self.fetchable_after)));
            gap
        })
    }

    /// The beginning of a period from `from` to `to` without what a gap covers that is fetched, has been fetched in part, or has been put off
    /// for long enough: that is not fetched twice.
    fn not_fetched_before(&self, from: UtcTime, to: UtcTime, keyword: &Keyword) -> UtcTime {
        let end = to.after(self.fetchable_after);
        let begun = self
            .waiting
            .iter()
            .filter(|work| work.backfilled.is_none() && (work.gap.left.is_some() || end > work.latest));
        let begun = begun.map(|work| &work.gap).chain(&self.fetching);
        let covering = begun.filter(|gap| gap.keyword == *keyword && gap.from <= from && from <= gap.to);
        covering.map(|gap| gap.to.after(Duration::from_millis(1))).max().unwrap_or(from).min(to)
    }
}

/// The reason that a gap is too old to be healed, where posts can be fetched for `within`.
pub(super) fn too_old(within: Duration) -> String {
    let days = within.as_secs().div_ceil(24 * 3600);
    format!("older than the {days} days for which posts can be fetched again")
}

#[cfg(test)]
mod tests;
