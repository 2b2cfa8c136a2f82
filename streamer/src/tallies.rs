//! What each keyword has brought, by day, as it is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::Keyword;
use stream::tally::{KeywordTally, Tally};
use utc_time::UtcTime;

/// How many days are kept: a gap that ends shortly after midnight is of yesterday.
const DAYS: usize = 2;

/// How many keywords are counted in a day: X has as many rules, and keywords can be stopped and others requested.
const KEYWORDS: usize = 2_000;

/// From a shorter time than this, no rate is concluded.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// Counts what each keyword brings. Copies share the count.
#[derive(Clone, Debug)]
pub(crate) struct Tallies {
    tally: Arc<Mutex<Tally>>,
    /// Whether it goes on from what earlier readers saved.
    is_whole: Arc<AtomicBool>,
}

impl Tallies {
    /// Goes on from what the last reader saved.
    pub(crate) fn new(tally: Tally) -> Self {
        Self { tally: Arc::new(Mutex::new(tally)), is_whole: Arc::new(AtomicBool::new(true)) }
    }

    /// Begins although what earlier readers saved could not be read: [`Tallies::add_saved`] follows.
    pub(crate) fn unread() -> Self {
        Self { tally: Arc::default(), is_whole: Arc::default() }
    }

    /// Adds what earlier readers saved.
    pub(crate) fn add_saved(&self, saved: Tally) {
        let mut tally = self.tally();
        for (day, keywords) in saved {
            let brought = tally.entry(day).or_default();
            for (keyword, saved) in keywords {
                let all = brought.get(&keyword).copied().unwrap_or_default().with(saved);
                brought.insert(keyword, all);
            }
        }
        self.is_whole.store(true, Ordering::Relaxed);
    }

    /// All that has been counted, to be saved; `None` as long as that would replace what earlier readers saved.
    pub(crate) fn to_save(&self) -> Option<Tally> {
        self.is_whole.load(Ordering::Relaxed).then(|| self.snapshot())
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        // Nothing panics while it holds the lock.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a post that the stream delivered for a keyword.
    pub(crate) fn streamed(&self, keyword: &Keyword, is_repost: bool, now: UtcTime) {
        self.count(keyword, now, |brought| {
            brought.streamed += 1;
            brought.reposts += u64::from(is_repost);
            brought.first_at.get_or_insert(now);
            brought.last_at = Some(now);
        });
    }

    /// Counts a post that was fetched for a keyword.
    pub(crate) fn fetched(&self, keyword: &Keyword, now: UtcTime) {
        self.count(keyword, now, |brought| brought.fetched += 1);
    }

    fn count(&self, keyword: &Keyword, now: UtcTime, count: impl FnOnce(&mut KeywordTally)) {
        let mut tally = self.tally();
        let today = now.day();
        let keywords = tally.entry(today.clone()).or_default();
        if keywords.len() < KEYWORDS && !keywords.contains_key(keyword) {
            keywords.insert(keyword.clone(), KeywordTally::default());
        }
        if let Some(brought) = keywords.get_mut(keyword) {
            count(brought);
        }
        while tally.len() > DAYS {
            let oldest = tally.keys().find(|day| **day != today).cloned();
            oldest.and_then(|day| tally.remove(&day));
        }
    }

    /// About how many reposts there are beside `others` posts of a keyword that are none, by what the stream delivered on the day of
    /// `at`.
    pub(crate) fn reposts_beside(&self, others: u64, keyword: &Keyword, at: UtcTime) -> Option<u64> {
        let tally = self.tally();
        let (own, reposts) = tally.get(&at.day())?.get(keyword)?.own_and_reposts()?;
        // Rounded to the nearest whole number.
        Some((others * reposts + own / 2) / own)
    }

    /// About how many posts the stream will deliver until `end`, by what it delivered today and yesterday. A post of two keywords counts for
    /// both.
    pub(crate) fn expected_until(&self, end: UtcTime, now: UtcTime) -> u64 {
        const HOUR_MS: u128 = 3_600_000;
        let tally = self.tally();
        let streamed = |day: String| -> u128 {
            let keywords = tally.get(&day).into_iter().flat_map(BTreeMap::values);
            keywords.map(|brought| u128::from(brought.streamed)).sum()
        };
        let start = now.start_of_day();
        let (gone, left) = (now.since(start).as_millis(), end.since(now).as_millis());
        let by_today = streamed(now.day()) * left / gone.max(HOUR_MS);
        let yesterday = start.before(Duration::from_millis(1)).day();
        let by_yesterday = streamed(yesterday) * left / (24 * HOUR_MS);
        u64::try_from(by_today.max(by_yesterday)).unwrap_or(u64::MAX)
    }

    /// How many posts of a keyword the stream delivers in a second, by those of the day of `now`.
    pub(crate) fn posts_a_second(&self, keyword: &Keyword, now: UtcTime) -> Option<f64> {
        let KeywordTally { streamed, first_at, last_at, .. } = *self.tally().get(&now.day())?.get(keyword)?;
        let time = last_at?.since(first_at?);
        // Far below 2^53.
        (streamed >= KeywordTally::ENOUGH && time >= LONG_ENOUGH)
            .then(|| (streamed - 1) as f64 / time.as_secs_f64())
    }

    /// How many posts a keyword has brought on the day of `now`, streamed and fetched.
    pub(crate) fn brought_today(&self, keyword: &Keyword, now: UtcTime) -> u64 {
        let tally = self.tally();
        tally.get(&now.day()).and_then(|keywords| keywords.get(keyword)).map_or(0, KeywordTally::posts)
    }

    /// How many posts of a keyword the stream has delivered on the day of `now`.
    pub(crate) fn streamed_today(&self, keyword: &Keyword, now: UtcTime) -> u64 {
        let tally = self.tally();
        tally.get(&now.day()).and_then(|keywords| keywords.get(keyword)).map_or(0, |brought| brought.streamed)
    }

    /// All that has been counted.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, BTreeMap<Keyword, KeywordTally>> {
        self.tally().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> UtcTime {
        UtcTime::from_millis(day * 24 * 3600 * 1000).unwrap()
    }

    #[test]
    fn reposts_are_estimated_by_the_keywords_own_share_of_the_day() {
        let tallies = Tallies::new(Tally::new());
        let (much, little): (Keyword, Keyword) = ("much".parse().unwrap(), "little".parse().unwrap());
        for number in 0..40 {
            tallies.streamed(&much, number % 4 == 0, at(1));
        }
        tallies.streamed(&little, true, at(1));
        assert_eq!(tallies.reposts_beside(30, &much, at(1)), Some(10), "a third of what is none");
        assert_eq!(tallies.reposts_beside(0, &much, at(1)), Some(0));
        assert_eq!(tallies.reposts_beside(30, &much, at(2)), None, "nothing is known of that day");
        assert_eq!(tallies.reposts_beside(30, &little, at(1)), None, "too few to tell");
        let next = Tallies::new(tallies.snapshot());
        assert_eq!(next.reposts_beside(30, &much, at(1)), Some(10));
    }

    #[test]
    fn what_is_to_come_is_expected_by_today_and_yesterday() {
        let tallies = Tallies::new(Tally::new());
        let hours = |hours: i64| UtcTime::from_millis(at(1).as_millis() + hours * 3_600_000).unwrap();
        let until_midnight = |now: UtcTime| tallies.expected_until(now.start_of_next_day(), now);
        assert_eq!(until_midnight(hours(6)), 0);
        for _ in 0..240 {
            tallies.streamed(&"a".parse().unwrap(), false, hours(0));
        }
        assert_eq!(until_midnight(hours(6)), 720, "40 an hour");
        assert_eq!(until_midnight(hours(24)), 240, "as many as yesterday");
        assert_eq!(until_midnight(hours(36)), 120);
        assert_eq!(tallies.expected_until(hours(24 + 240), hours(24)), 2_400, "in ten such days");
        let keyword = "a".parse().unwrap();
        tallies.fetched(&keyword, hours(0));
        assert_eq!(
            (tallies.brought_today(&keyword, hours(1)), tallies.brought_today(&keyword, hours(24))),
            (241, 0)
        );
    }

    #[test]
    fn a_rate_is_concluded_from_enough_posts_of_a_day_only() {
        let tallies = Tallies::new(Tally::new());
        let (steady, burst): (Keyword, Keyword) = ("steady".parse().unwrap(), "burst".parse().unwrap());
        let now = at(1);
        for number in 0..20 {
            assert_eq!(tallies.posts_a_second(&steady, now), None);
            tallies.streamed(&steady, false, now.after(LONG_ENOUGH * number / 19));
            tallies.streamed(&burst, false, now.after(Duration::from_secs(1) * number));
        }
        assert_eq!(tallies.posts_a_second(&steady, now), Some(19.0 / 60.0));
        assert_eq!(tallies.posts_a_second(&burst, now), None);
        assert_eq!(tallies.posts_a_second(&steady, at(2)), None);
        assert_eq!((tallies.streamed_today(&burst, now), tallies.streamed_today(&burst, at(2))), (20, 0));
    }

    #[test]
    fn what_was_saved_is_not_replaced_before_it_is_added() {
        let keyword: Keyword = "a".parse().unwrap();
        let first = Tallies::new(Tally::new());
        first.streamed(&keyword, true, at(1));
        let tallies = Tallies::unread();
        let later = at(1).after(LONG_ENOUGH);
        tallies.streamed(&keyword, false, later);
        tallies.fetched(&keyword, later);
        assert_eq!(tallies.to_save(), None);
        tallies.add_saved(first.to_save().unwrap());
        let all =
            KeywordTally { streamed: 2, reposts: 1, first_at: Some(at(1)), last_at: Some(later), fetched: 1 };
        assert_eq!(tallies.to_save().unwrap()[&at(1).day()][&keyword], all);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let tallies = Tallies::new(Tally::new());
        for number in 0..=KEYWORDS {
            tallies.fetched(&format!("k{number}").parse().unwrap(), at(1));
        }
        assert_eq!(tallies.snapshot()[&at(1).day()].len(), KEYWORDS);
        for day in 2..9 {
            tallies.fetched(&"k".parse().unwrap(), at(day));
        }
        assert_eq!(tallies.snapshot().into_keys().collect::<Vec<_>>(), [at(7).day(), at(8).day()]);
    }
}
