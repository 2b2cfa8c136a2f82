//! Numbers, times and money in words for people. A script puts times into the reader's zone where it can.
//!
//! Templates pass references, Rust code values; [`Borrow`] takes both.

use std::borrow::Borrow;

use utc_time::UtcTime;

/// A number with commas: `1,234,567`.
#[must_use]
pub fn number(number: impl Borrow<u64>) -> String {
    grouped(*number.borrow())
}

/// The same of a sum, which may be larger.
pub(crate) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of a thing: `1 post`, `2,000 posts`.
#[must_use]
pub fn count(number_of: impl Borrow<u64>, thing: &str) -> String {
    let number_of = *number_of.borrow();
    let plural = if number_of == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", number(number_of))
}

/// A sum in US dollars, to the cent, or `under $0.01`.
#[must_use]
pub fn dollars(sum: impl Borrow<f64>) -> String {
    let sum = *sum.borrow();
    if sum > 0.0 && sum < 0.01 {
        return "under $0.01".to_owned();
    }
    // Sums are far below 2^53 cents.
    let cents = (sum * 100.0).round().max(0.0) as u64;
    format!("${}.{:02}", number(cents / 100), cents % 100)
}

/// The part of a whole in percent: `37 %`, `under 1 %`, `0 %`.
#[must_use]
pub fn percent(part: impl Borrow<u64>, whole: impl Borrow<u64>) -> String {
    let (part, whole) = (*part.borrow(), *whole.borrow());
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    // Counts are far below 2^53.
    let percent = part as f64 * 100.0 / whole as f64;
    if percent < 1.0 { "under 1 %".to_owned() } else { format!("{:.0} %", percent.min(100.0)) }
}

/// A rate: `0.4`, `12.3`, `1,234`.
#[must_use]
pub fn rate(per_second: impl Borrow<f64>) -> String {
    let per_second = *per_second.borrow();
    if per_second < 100.0 { format!("{per_second:.1}") } else { number(per_second.round() as u64) }
}

/// A time as people write it: `2026-11-27 13:05 UTC`.
#[must_use]
pub fn time(at: impl Borrow<UtcTime>) -> String {
    format!("{} UTC", at.borrow().minute().replace('T', " "))
}

/// How long it was: `45 s`, `3 min`, `2 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn length(from: impl Borrow<UtcTime>, to: impl Borrow<UtcTime>) -> String {
    let seconds = to.borrow().since(*from.borrow()).as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let with = |whole: String, rest: u64, unit: &str| {
        if rest == 0 { whole } else { format!("{whole} {rest} {unit}") }
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => with(format!("{hours} h"), minutes % 60, "min"),
        (days, hours, _) => with(format!("{days} d"), hours % 24, "h"),
    }
}

/// How long ago it was: `just now`, `3 min ago`.
#[must_use]
pub fn ago(at: impl Borrow<UtcTime>, now: impl Borrow<UtcTime>) -> String {
    let (at, now) = (*at.borrow(), *now.borrow());
    if now.since(at).as_secs() < 5 { "just now".to_owned() } else { format!("{} ago", length(at, now)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sums_are_readable() {
        let numbers = [0, 999, 1000, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 2].map(|posts| count(posts, "post")), ["1 post", "2 posts"]);
        let sums = [0.0, 0.004, 0.05, 1234.5].map(dollars);
        assert_eq!(sums, ["$0.00", "under $0.01", "$0.05", "$1,234.50"]);
        assert_eq!([percent(0, 0), percent(1, 1000), percent(37, 100)], ["0 %", "under 1 %", "37 %"]);
        assert_eq!([rate(0.04), rate(12.34), rate(1234.4)], ["0.0", "12.3", "1,234"]);
    }

    #[test]
    fn times_are_readable() {
        let at = |text: &str| -> UtcTime { text.parse().unwrap() };
        let start = at("2026-11-27T13:05:10Z");
        assert_eq!(time(start), "2026-11-27 13:05 UTC");
        let lengths =
            ["2026-11-27T13:05:55Z", "2026-11-27T13:08:10Z", "2026-11-27T15:10:10Z", "2026-11-30T17:05:10Z"];
        assert_eq!(lengths.map(|end| length(start, at(end))), ["45 s", "3 min", "2 h 5 min", "3 d 4 h"]);
        assert_eq!(ago(start, at("2026-11-27T13:05:12Z")), "just now");
        assert_eq!(ago(start, at("2026-11-27T13:07:12Z")), "2 min ago");
    }
}
