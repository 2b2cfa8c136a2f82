//! Turning the pages of a period.

use std::time::Duration;

use stream::gaps::Period;
use stream::history::HistoryOrder;

use crate::source::Rest;

/// The first slice of a period that is fetched oldest first, and the bounds of later ones, which are as long as it takes to have a given number
/// of posts, if there are as many as in the slice before.
const FIRST_SLICE: Duration = Duration::from_secs(60 * 60);
const SHORTEST_SLICE: Duration = Duration::from_secs(60);
const LONGEST_SLICE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How much longer a slice may be than the one before.
const GROWTH: u32 = 4;

/// The pages of a period, as far as they have been turned.
///
/// Sources have the newest posts on the first page. To have the oldest first, a period is fetched in slices, the earliest first.
#[derive(Debug)]
pub(super) struct Pages {
    /// What is being fetched.
    of: Period,
    /// Asks for the next page of it; `None` for the first.
    next: Option<String>,
    /// How many posts have been on its pages.
    posts: u64,
    /// How long the slices are, if there are any.
    slices: Option<Duration>,
}

impl Pages {
    /// The pages of what is left of a gap.
    pub(super) fn new(left: Period, order: HistoryOrder) -> Self {
        let slices = (order == HistoryOrder::OldestFirst).then_some(FIRST_SLICE);
        Self { of: slice(left, slices), next: None, posts: 0, slices }
    }

    /// The period to ask for.
    pub(super) fn of(&self) -> Period {
        self.of
    }

    /// The token of the page to ask for; `None` for the first.
    pub(super) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Turns a page of so many posts that `rest` follows. Returns what is left of `left`; `None` if nothing is. If it is fetched in slices, the
    /// next one is to have about `wanted` posts.
    pub(super) fn turn(
        &mut self,
        left: Period,
        posts: u64,
        rest: Option<Rest>,
        wanted: u64,
    ) -> Option<Period> {
        self.posts += posts;
        match (rest, self.slices) {
            (Some(Rest { page, period }), None) => {
                self.next = Some(page);
                Some(Period { from: period.from.max(left.from), to: period.to.min(left.to) })
            }
            (Some(Rest { page, .. }), Some(_)) => {
                self.next = Some(page);
                Some(left)
            }
            (None, Some(length)) if self.of.to < left.to => {
                let apart = length.checked_div(u32::try_from(self.posts).unwrap_or(u32::MAX));
                let fits = apart.map(|apart| apart.saturating_mul(u32::try_from(wanted).unwrap_or(u32::MAX)));
                let grown = length.saturating_mul(GROWTH);
                let length = fits.map_or(grown, |fits| fits.min(grown)).clamp(SHORTEST_SLICE, LONGEST_SLICE);
                let left = Period { from: self.of.to.after(Duration::from_millis(1)), to: left.to };
                *self = Self { of: slice(left, Some(length)), next: None, posts: 0, slices: Some(length) };
                Some(left)
            }
            (None, _) => None,
        }
    }
}

/// The part of a period that is fetched next.
fn slice(left: Period, length: Option<Duration>) -> Period {
    Period { from: left.from, to: length.map_or(left.to, |length| left.from.after(length).min(left.to)) }
}

#[cfg(test)]
mod tests {
    use utc_time::UtcTime;

    use super::*;

    const HOUR: i64 = 3600;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn period(from: i64, to: i64) -> Period {
        Period { from: at(from), to: at(to) }
    }

    fn rest(page: &str, from: i64, to: i64) -> Option<Rest> {
        Some(Rest { page: page.to_owned(), period: period(from, to) })
    }

    #[test]
    fn newest_first_is_as_sources_have_it() {
        let left = period(0, 10 * HOUR);
        let mut pages = Pages::new(left, HistoryOrder::NewestFirst);
        assert_eq!((pages.of(), pages.next()), (left, None));
        let left = pages.turn(left, 10, rest("a", 0, 9 * HOUR), 100).unwrap();
        assert_eq!((left, pages.next()), (period(0, 9 * HOUR), Some("a")));
        assert_eq!(pages.turn(left, 10, None, 100), None);
    }

    #[test]
    fn oldest_first_goes_slice_by_slice_and_covers_every_moment_once() {
        let mut left = period(0, 1000 * HOUR);
        let mut pages = Pages::new(left, HistoryOrder::OldestFirst);
        let (mut end, mut slices) = (at(0), Vec::new());
        loop {
            let of = pages.of();
            assert_eq!(of.from, if slices.is_empty() { at(0) } else { end.after(Duration::from_millis(1)) });
            end = of.to;
            slices.push(of.to.since(of.from).as_secs() / 3600);
            // The third has two pages; until both are turned, all of it counts as left.
            if slices.len() == 3 {
                assert_eq!(pages.turn(left, 100, rest("a", 0, 0), 50), Some(left));
            }
            match pages.turn(left, if slices.len() < 3 { 0 } else { 100 }, None, 50) {
                Some(now_left) => left = now_left,
                None => break,
            }
            assert_eq!((left.to, pages.next()), (at(1000 * HOUR), None));
        }
        assert_eq!(end, at(1000 * HOUR));
        // Without posts they grow; a quarter of so many is wanted, and then half.
        assert_eq!(slices[..6], [1, 4, 16, 4, 2, 1]);
    }
}
