//! What a time may lack, and the table that tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use utc_time::UtcTime;

use super::Histogram;
use crate::words;

/// What a time may lack, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// All posts, because the keyword was not collected, as far as is known.
    NotCollected,
    /// All posts.
    All,
    /// Some kinds of posts.
    Some,
}

impl Lack {
    fn name(self) -> &'static str {
        match self {
            Self::NotCollected => "unknown",
            Self::All => "all",
            Self::Some => "some",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::All => "gap",
            Self::Some => "gap some",
            Self::NotCollected => "gap off",
        }
    }
}

/// A time in which posts may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its beginning.
    pub from: UtcTime,
    /// Its end.
    pub to: UtcTime,
    /// What it may lack.
    pub lack: Lack,
    /// What is said of it.
    pub says: String,
}

impl Histogram {
    /// The times without a post before collecting began, or until `now` if nothing tells when that was: the keyword was not collected then, as far
    /// as is known.
    #[must_use]
    pub fn not_collected(&self, since: Option<UtcTime>, now: UtcTime) -> Vec<Missing> {
        let end = since.unwrap_or(now).min(now).min(self.to);
        let with_posts: BTreeSet<UtcTime> =
            self.bars.iter().filter(|bar| bar.posts > 0).map(|bar| bar.start).collect();
        let length = self.unit.length();
        let mut missing: Vec<Missing> = Vec::new();
        let mut start = self.unit.start(self.from);
        while start < end {
            let (from, to) = (start.max(self.from), start.after(length).min(end));
            // In the unit in which collecting began, the time before that was not collected, whatever came after it.
            let began_here = since.is_some_and(|since| start < since && since < start.after(length));
            let is_collected = with_posts.contains(&start) && !began_here;
            start = start.after(length);
            if is_collected || to <= from {
                continue;
            }
            match missing.last_mut() {
                Some(before) if before.to == from => before.to = to,
                _ => missing.push(Missing { from, to, lack: Lack::NotCollected, says: String::new() }),
            }
        }
        for Missing { from, to, says, .. } in &mut missing {
            *says = format!(
                "not collected from {} to {}, as far as is known",
                words::time(*from),
                words::time(*to)
            );
        }
        missing
    }

    /// The same as CSV: a row for each unit of time until `now`, with what it may lack: `all`, `some`, `unknown` (it was not collected, as far as is
    /// known) or nothing.
    #[must_use]
    pub fn csv(&self, now: UtcTime) -> String {
        let posts: BTreeMap<UtcTime, u64> = self.bars.iter().map(|bar| (bar.start, bar.posts)).collect();
        let mut csv = format!("{},posts,mayLack\n", self.unit.name());
        let mut start = self.unit.start(self.from);
        while start < self.to.min(now) {
            let end = start.after(self.unit.length());
            let lacks = self.missing.iter().filter(|missing| missing.from < end && missing.to > start);
            let lacks = lacks.map(|missing| missing.lack).min().map_or("", Lack::name);
            let _ = writeln!(csv, "{start},{},{lacks}", posts.get(&start).copied().unwrap_or_default());
            start = end;
        }
        csv
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, histogram};

    #[test]
    fn time_without_posts_before_a_keyword_was_started_is_no_zero() {
        let since = |text: &str| {
            let missing = histogram().not_collected(Some(at(text)), at("2026-12-02T00:00:00Z"));
            missing.into_iter().map(|missing| (missing.from.hour(), missing.to.minute())).collect::<Vec<_>>()
        };
        let spans = |spans: &[(&str, &str)]| -> Vec<(String, String)> {
            let day = |time: &str| format!("2026-11-27T{time}");
            spans.iter().map(|(from, to)| (day(from), day(to))).collect()
        };
        assert_eq!(since("2026-11-27T08:00:00Z"), []);
        assert_eq!(since("2026-11-27T11:30:00Z"), spans(&[("08", "10:00"), ("11", "11:30")]));
        assert_eq!(since("2026-11-27T10:30:00Z"), spans(&[("08", "10:30")]));
        let untold = histogram().not_collected(None, at("2026-11-27T09:30:00Z"));
        assert_eq!((untold.len(), untold[0].to), (1, at("2026-11-27T09:30:00Z")));
        let all = spans(&[("08", "10:00"), ("11", "12:00"), ("13", "20:00")]);
        assert_eq!(since("2026-12-01T00:00:00Z"), all);
    }

    #[test]
    fn a_table_has_every_unit_and_says_what_it_may_lack() {
        let mut histogram = histogram();
        histogram
            .missing
            .extend(histogram.not_collected(Some(at("2026-11-27T09:00:00Z")), at("2026-11-28T00:00:00Z")));
        let csv = histogram.csv(at("2026-11-27T19:30:00Z"));
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows.len(), 13);
        assert_eq!(rows[..2], ["hour,posts,mayLack", "2026-11-27T08:00:00.000Z,0,unknown"]);
        assert_eq!(rows[5..7], ["2026-11-27T12:00:00.000Z,90,", "2026-11-27T13:00:00.000Z,0,all"]);
    }
}
