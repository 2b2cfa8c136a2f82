//! The time that a view shows, and what of it may be missing.

use std::time::Duration;

use page::address::Address;
use page::histogram::{Bar, Histogram, Lack, Missing, Row};
use page::stream::Stream;
use page::unit::Unit;
use page::words;
use serde::Deserialize;
use utc_time::UtcTime;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How much is shown of a keyword if nothing else is asked for, by minute.
const OF_A_KEYWORD: Duration = HOUR;

/// How much is shown of all keywords, by hour.
const OF_ALL: Duration = HOUR.saturating_mul(24);

/// The counts of `GET /tweetsStatistics` by time.
#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    /// The keyword as the API writes it.
    pub(super) keyword: Option<String>,
    pub(super) statistics: Vec<Row>,
}

/// The time that a view shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) from: UtcTime,
    pub(super) to: UtcTime,
    unit: Unit,
}

impl Range {
    /// The range of an address. A time that cannot be read is left to the API, which refuses it.
    pub(super) fn of(address: &Address, now: UtcTime) -> Self {
        let has_keyword = address.get("keyword").is_some();
        let time = |name| address.get(name).and_then(|text| text.parse().ok());
        let to: UtcTime = time("to").unwrap_or(now);
        let written = time("from");
        let from = written.unwrap_or_else(|| to.before(if has_keyword { OF_A_KEYWORD } else { OF_ALL }));
        let unit = match Unit::of(from, to) {
            // Posts of all keywords are not counted by minute.
            Unit::Minute if !has_keyword => Unit::Hour,
            unit => unit,
        };
        // Whole bars, unless the reader wants others.
        Self { from: written.unwrap_or_else(|| unit.start(from)), to, unit }
    }

    /// As much time before.
    pub(super) fn before(self) -> Self {
        Self { from: self.from.before(self.to.since(self.from)), to: self.from, ..self }
    }

    /// The address of its counts, of what else `address` asks for.
    pub(super) fn counts(self, address: &Address) -> Address {
        self.within(&address.moved("/tweetsStatistics")).with("by", self.unit.name())
    }

    /// The address with this range.
    pub(super) fn within(self, address: &Address) -> Address {
        // What the reader has written is sent as it is, so that the API refuses what it must.
        let mut within = address.clone();
        for (name, time) in [("from", self.from), ("to", self.to)] {
            if within.get(name).is_none() {
                within = within.with(name, time);
            }
        }
        within
    }

    /// Its first moment.
    pub(super) fn from(self) -> UtcTime {
        self.from
    }

    /// Bars of what was counted, and what may be missing of it.
    pub(super) fn histogram(self, counts: &Counts, stream: &Stream, now: UtcTime) -> Histogram {
        let Self { from, to, unit } = self;
        let keyword = counts.keyword.as_deref();
        let mut histogram =
            Histogram { from, to, unit, bars: self.bars(counts), missing: missing(stream, keyword, now) };
        histogram.missing.extend(stream.gaps_complete_since.map(|since| untold(from, since)));
        let since = match keyword {
            Some(keyword) => stream.collected_since(keyword),
            None => stream.keywords.iter().filter_map(|each| stream.collected_since(&each.keyword)).min(),
        };
        let not_collected = histogram.not_collected(since, now);
        histogram.missing.extend(not_collected);
        histogram
    }

    /// How many posts were counted in the bars that begin in it: as many bars as in as much time behind it, but for the one that is not over.
    pub(super) fn total(self, counts: &Counts) -> u64 {
        self.bars(counts).iter().filter(|bar| bar.start >= self.from).map(|bar| bar.posts).sum()
    }

    /// Bars of what was counted. The API counts whole hours, so some lie outside.
    fn bars(self, counts: &Counts) -> Vec<Bar> {
        let mut bars = Histogram::bars_of(self.unit, &counts.statistics);
        bars.retain(|bar| bar.start < self.to && bar.start.after(self.unit.length()) > self.from);
        bars
    }
}

/// What may be missing of a keyword, or of all.
fn missing(stream: &Stream, keyword: Option<&str>, now: UtcTime) -> Vec<Missing> {
    let is_shown = |other: &str| keyword.is_none_or(|keyword| keyword == other);
    let gaps = stream.gaps.iter().filter(|gap| gap.history.is_none() && is_shown(&gap.keyword));
    let gaps = gaps.filter(|gap| gap.state != "closed" || gap.may_lack.is_some()).map(|gap| Missing {
        from: gap.from,
        to: gap.to,
        lack: if gap.state == "closed" { Lack::Some } else { Lack::All },
        says: format!("{}, {}: {}. {}", gap.keyword, words::length(gap.from, gap.to), gap.cause, gap.lacks()),
    });
    let ongoing = stream.ongoing.iter().filter(|ongoing| is_shown(&ongoing.keyword)).map(|ongoing| Missing {
        from: ongoing.from,
        to: now,
        lack: Lack::All,
        says: format!("{}, missing since {}: {}", ongoing.keyword, words::time(ongoing.from), ongoing.cause),
    });
    gaps.chain(ongoing).collect()
}

/// The time of which not every gap is told.
fn untold(from: UtcTime, since: UtcTime) -> Missing {
    let says = format!(
        "too many gaps to show those before {}: any of these posts may be missing",
        words::time(since)
    );
    Missing { from, to: since, lack: Lack::Some, says }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(query: &str) -> String {
        let address = Address::parse("/charts", query);
        Range::of(&address, "2026-11-27T13:05:10Z".parse().unwrap()).counts(&address).to_string()
    }

    #[test]
    fn a_keyword_is_shown_by_minute_and_all_by_hour() {
        assert_eq!(
            range("keyword=a"),
            "/tweetsStatistics?keyword=a&from=2026-11-27T12%3A05%3A00.000Z&to=2026-11-27T13%3A05%3A10.000Z&by=minute"
        );
        assert!(range("").contains("from=2026-11-26T13%3A00%3A00.000Z") && range("").ends_with("by=hour"));
        assert!(range("from=2026-11-27T12:00:00Z").ends_with("by=hour"));
        assert!(range("keyword=a&from=2026-11-01T00:00:00Z").ends_with("by=day"));
        assert!(range("keyword=a&to=2026-11-01T00:00:00Z").contains("from=2026-10-31T23%3A00%3A00.000Z"));
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_api() {
        assert!(
            range("keyword=a&from=yesterday&colour=red")
                .starts_with("/tweetsStatistics?keyword=a&from=yesterday&colour=red&")
        );
    }

    #[test]
    fn too_many_gaps_are_told_as_time_that_may_lack_posts() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        let (from, since) = (at("2026-11-27T10:00:00Z"), at("2026-11-27T11:00:00Z"));
        let Missing { to, lack, says, .. } = untold(from, since);
        assert_eq!((to, lack), (since, Lack::Some));
        assert_eq!(
            says,
            "too many gaps to show those before 2026-11-27 11:00 UTC: any of these posts may be missing"
        );
    }

    #[test]
    fn the_time_before_is_as_long() {
        let range = Range::of(
            &Address::parse("/", "from=2026-11-27T10:00:00Z&to=2026-11-27T12:00:00Z"),
            UtcTime::now(),
        )
        .before();
        assert_eq!(
            (range.from.hour(), range.to.hour()),
            ("2026-11-27T08".to_owned(), "2026-11-27T10".to_owned())
        );
    }
}
