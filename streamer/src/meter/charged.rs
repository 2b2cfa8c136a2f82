//! Which posts have been charged for today.

use std::collections::VecDeque;

use posts::PostId;
use stream::charged::{self, Ids};
use utc_time::UtcTime;

use super::seen::Seen;

/// How many of the latest are saved for the next reader: what X delivers in 40 s at its fastest (250 posts/s), and as many that healing
/// fetches. Their ids take less than 100 KB of the 400 KB that an item of DynamoDB holds.
const SAVED: usize = 20_000;

/// The posts that were charged for on the current day (UTC): X charges once a post and day.
/// <https://docs.x.com/x-api/getting-started/pricing>
#[derive(Debug, Default)]
pub(super) struct Charged {
    seen: Seen,
    /// The latest of them, and when they were charged for.
    latest: VecDeque<(UtcTime, u64)>,
}

impl Charged {
    /// Goes on at `now` from what the last reader saved.
    pub(super) fn new(saved: Option<charged::Charged>, now: UtcTime) -> Self {
        let Some(charged::Charged { day, ids: Ids(ids) }) = saved else { return Self::default() };
        let day = format!("{day}T00:00:00Z").parse().ok();
        // When they were charged for is not known any more; a reader that ends soon saves them again.
        let latest = ids.iter().map(|id| (now, *id)).collect();
        Self { seen: Seen::new(day, ids.into_iter().collect()), latest }
    }

    /// Whether a post has not been charged for on the day of `now`. Posts whose ids are no numbers are new each time: their sources
    /// charge nothing.
    pub(super) fn is_new(&mut self, id: &PostId, now: UtcTime) -> bool {
        if self.seen.begin(now) {
            self.latest.clear();
        }
        let Ok(number) = id.as_str().parse() else { return true };
        let is_new = self.seen.is_new(number);
        if is_new {
            self.latest.push_back((now, number));
            if self.latest.len() > SAVED {
                self.latest.pop_front();
            }
        }
        is_new
    }

    /// Those that were charged for at `from` or later, the latest if there are too many to be saved.
    pub(super) fn since(&self, from: UtcTime) -> Option<charged::Charged> {
        let latest = self.latest.iter().rev().take_while(|(at, _)| *at >= from);
        let ids = Ids(latest.map(|(_, id)| *id).collect());
        let day = self.seen.day.filter(|_| !ids.0.is_empty())?.day();
        Some(charged::Charged { day, ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn post(id: &str) -> PostId {
        id.parse().unwrap()
    }

    #[test]
    fn posts_whose_ids_are_no_numbers_are_new_each_time() {
        let mut charged = Charged::default();
        assert!(charged.is_new(&post("7"), at(1)) && !charged.is_new(&post("7"), at(2)));
        assert!(charged.is_new(&post("host:7"), at(1)) && charged.is_new(&post("host:7"), at(2)));
    }

    #[test]
    fn the_next_reader_knows_the_latest_of_the_same_day() {
        let mut first = Charged::default();
        assert_eq!(first.since(at(0)), None);
        for second in 1..=9 {
            first.is_new(&post(&second.to_string()), at(second));
        }
        let saved = first.since(at(5)).unwrap();
        assert_eq!(saved.ids.0, (5..=9).collect());
        let mut next = Charged::new(Some(saved.clone()), at(10));
        assert_eq!(next.since(at(10)), Some(saved.clone()), "it ends at once");
        assert!(next.is_new(&post("4"), at(10)) && !next.is_new(&post("5"), at(10)));
        let mut of_next_day = Charged::new(Some(saved), at(24 * 3600));
        assert!(of_next_day.is_new(&post("5"), at(24 * 3600)));
        assert_eq!(of_next_day.since(at(0)).unwrap().ids.0, [5].into());
    }

    #[test]
    fn what_is_saved_is_bounded() {
        let mut charged = Charged::default();
        for number in 0..SAVED + 7 {
            charged.is_new(&post(&number.to_string()), at(1));
        }
        let saved = charged.since(at(1)).unwrap().ids.0;
        assert_eq!((saved.len(), saved.first()), (SAVED, Some(&7)));
    }
}
