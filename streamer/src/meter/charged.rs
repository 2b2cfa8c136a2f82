//! Which posts have been charged for today.

use std::collections::HashSet;

use posts::PostId;
use utc_time::UtcTime;

/// How many posts of a day are remembered, in some 10 MB. That is five times what X allows in a day on average (3,000,000 a month). Beyond
/// it, every post counts.
const REMEMBERED: usize = 500_000;

/// The posts that were charged for on the current day (UTC): X charges once a post and day.
/// <https://docs.x.com/x-api/getting-started/pricing>
#[derive(Debug, Default)]
pub(super) struct Charged {
    day: Option<UtcTime>,
    ids: HashSet<u64>,
}

impl Charged {
    /// Whether a post has not been charged for on the day of `now`. Posts whose ids are no numbers are new each time: their sources
    /// charge nothing.
    pub(super) fn is_new(&mut self, id: &PostId, now: UtcTime) -> bool {
        let today = now.start_of_day();
        if self.day != Some(today) {
            self.day = Some(today);
            // The memory of a busy day is not kept.
            self.ids = HashSet::new();
        }
        let Ok(number) = id.as_str().parse() else { return true };
        if self.ids.len() == REMEMBERED {
            return !self.ids.contains(&number);
        }
        self.ids.insert(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_charged_for_once_a_day() {
        let at = |hour: i64| UtcTime::from_millis(hour * 3600 * 1000).unwrap();
        let post = |id: &str| id.parse::<PostId>().unwrap();
        let mut charged = Charged::default();
        assert!(charged.is_new(&post("7"), at(1)));
        assert!(!charged.is_new(&post("7"), at(23)));
        assert!(charged.is_new(&post("8"), at(23)));
        assert!(charged.is_new(&post("7"), at(24)), "another day");
        assert!(charged.is_new(&post("host:7"), at(24)) && charged.is_new(&post("host:7"), at(24)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_rest_counts_each_time() {
        let mut charged = Charged::default();
        let now = UtcTime::now();
        for number in 0..REMEMBERED {
            charged.is_new(&number.to_string().parse().unwrap(), now);
        }
        let (known, new) = ("7".parse().unwrap(), "999999999".parse().unwrap());
        assert!(!charged.is_new(&known, now));
        assert!(charged.is_new(&new, now) && charged.is_new(&new, now));
        assert_eq!(charged.ids.len(), REMEMBERED);
    }
}
