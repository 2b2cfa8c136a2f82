//! The arithmetic of an estimate.

use std::collections::BTreeMap;
use std::time::Duration;

use posts::Keyword;
use stream::tally::{KeywordTally, Tally};
use utc_time::UtcTime;
use x::Bucket;
use x::prices::{MICRO_DOLLARS_A_POST, MICRO_DOLLARS_A_USER};

use super::{Day, SinceThen};
use crate::spending::dollars;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A length of time in days.
pub(super) fn in_days(time: Duration) -> f64 {
    time.as_secs_f64() / DAY.as_secs_f64()
}

/// What so many posts or users cost, in whole micro-dollars: a price is far below 2^53 of them.
pub(super) fn price(number: f64, micro_dollars: u64) -> u64 {
    (number * micro_dollars as f64).round() as u64
}

/// How many posts were written between `from` and `to`, and how much of that time was counted. Of a bucket that is not wholly in between, as
/// much counts.
fn counted(buckets: &[Bucket], from: UtcTime, to: UtcTime) -> (f64, Duration) {
    let mut sum = (0.0, Duration::ZERO);
    for bucket in buckets {
        // The present bucket ends now.
        let end = bucket.end.min(to);
        let part = end.since(bucket.start.max(from));
        if !part.is_zero() {
            let of_bucket = part.as_secs_f64() / end.since(bucket.start).as_secs_f64();
            // What X counts is far below 2^53.
            sum = (sum.0 + bucket.posts() as f64 * of_bucket, sum.1 + part);
        }
    }
    sum
}

/// The average of a day between `from` and `to`, as far as it was counted.
pub(super) fn a_day(buckets: &[Bucket], from: UtcTime, to: UtcTime) -> f64 {
    let (posts, time) = counted(buckets, from, to);
    if time.is_zero() { 0.0 } else { posts / in_days(time) }
}

/// The posts since then. If `is_cut`, earlier ones than those in `buckets` were not counted.
pub(super) fn since_then(since: UtcTime, buckets: &[Bucket], is_cut: bool, now: UtcTime) -> SinceThen {
    let (mut posts, _) = counted(buckets, since, now);
    if is_cut && let Some(first) = buckets.iter().map(|bucket| bucket.start).min() {
        posts += a_day(buckets, first, now) * in_days(first.since(since));
    }
    SinceThen {
        since,
        posts: posts.round() as u64,
        is_extrapolated: is_cut,
        dollars: dollars(price(posts, MICRO_DOLLARS_A_POST)),
        users_dollars: dollars(price(posts, MICRO_DOLLARS_A_USER)),
    }
}

/// How many reposts the stream delivered beside each other post of a keyword, or else of all keywords; `None` if it delivered too few to
/// tell.
pub(super) fn reposts_beside_each(tally: &Tally, keyword: &Keyword) -> Option<f64> {
    let of = |wanted: Option<&Keyword>| {
        let all = tally.values().flatten().filter(|(other, _)| wanted.is_none_or(|wanted| wanted == *other));
        let all = all.fold(KeywordTally::default(), |all, (_, brought)| all.with(*brought));
        all.own_and_reposts().map(|(own, reposts)| reposts as f64 / own as f64)
    };
    of(Some(keyword)).or_else(|| of(None))
}

/// The counts by day (UTC) up to `now`, whatever buckets X chose: it may count by the hour although days were requested.
pub(super) fn by_day(buckets: Vec<Bucket>, now: UtcTime) -> Vec<Day> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for bucket in buckets {
        let start = bucket.start;
        // The future has not been counted.
        let end = bucket.end.min(now);
        let empty = Day { start, end, posts: 0, counted: Duration::ZERO };
        let day = days.entry(start.day()).or_insert(empty);
        (day.start, day.end) = (day.start.min(start), day.end.max(end));
        day.posts += bucket.posts();
        day.counted += end.since(start);
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_summed_into_days_up_to_now() {
        let hour = |start: &str, end: &str, count: u64| -> Bucket {
            serde_json::from_value(serde_json::json!({ "start": start, "end": end, "tweet_count": count }))
                .unwrap()
        };
        let buckets = vec![
            hour("2026-11-22T22:30:00Z", "2026-11-22T23:00:00Z", 1),
            hour("2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z", 2),
            hour("2026-11-23T00:00:00Z", "2026-11-23T01:00:00Z", 4),
            hour("2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z", 8),
        ];
        let days = by_day(buckets, "2026-11-23T05:30:00Z".parse().unwrap());
        let days = days
            .iter()
            .map(|day| (day.start.to_string(), day.end.to_string(), day.posts, day.counted.as_secs() / 60));
        let time = |text: &str| format!("2026-11-{text}:00.000Z");
        assert_eq!(
            days.collect::<Vec<_>>(),
            [(time("22T22:30"), time("23T00:00"), 3, 90), (time("23T00:00"), time("23T05:30"), 12, 90)]
        );
        assert!(by_day(Vec::new(), UtcTime::now()).is_empty());
    }

    fn day(start: &str, end: &str, posts: u64) -> Bucket {
        let time = |day: &str| format!("2026-11-{day}T00:00:00Z");
        serde_json::from_value(
            serde_json::json!({ "start": time(start), "end": time(end), "post_count": posts }),
        )
        .unwrap()
    }

    #[test]
    fn what_is_only_partly_asked_for_counts_in_part_and_what_was_not_counted_is_extrapolated() {
        let buckets = [day("20", "21", 100), day("21", "22", 40), day("22", "23", 20)];
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let since = |text: &str, is_cut| since_then(text.parse().unwrap(), &buckets, is_cut, now);
        let whole = since("2026-11-20T12:00:00Z", false);
        assert_eq!(
            (whole.posts, whole.dollars, whole.users_dollars),
            (110, 0.55, 1.1),
            "half of the first day"
        );
        let cut = since("2026-11-10T00:00:00Z", true);
        assert_eq!((cut.posts, cut.is_extrapolated), (160 + 640, true), "ten more days of 64");
        assert_eq!(a_day(&buckets, now.before(DAY), now), 40.0);
        assert_eq!(a_day(&[], now.before(DAY), now), 0.0);
    }

    #[test]
    fn reposts_are_those_of_the_keyword_or_else_of_all() {
        let tally: Tally = serde_json::from_value(serde_json::json!({
            "2026-11-25": { "a": { "streamed": 10, "reposts": 4 }, "b": { "streamed": 30, "reposts": 0 } },
            "2026-11-26": { "a": { "streamed": 10, "reposts": 6 }, "c": { "streamed": 19, "reposts": 1 } },
        }))
        .unwrap();
        let of = |keyword: &str| reposts_beside_each(&tally, &keyword.parse().unwrap());
        assert_eq!((of("a"), of("b")), (Some(1.0), Some(0.0)));
        assert_eq!((of("c"), of("new")), (Some(11.0 / 58.0), Some(11.0 / 58.0)));
        assert_eq!(reposts_beside_each(&Tally::new(), &"a".parse().unwrap()), None);
    }
}
