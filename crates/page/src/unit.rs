//! Minutes, hours and days: what a bar of a histogram counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utc_time::UtcTime;

/// The unit of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day (UTC).
    Day,
}

impl Unit {
    /// The unit of a range: minutes of up to six hours, hours of up to ten days, days of longer ones.
    #[must_use]
    pub fn of(from: UtcTime, to: UtcTime) -> Self {
        match to.since(from).as_secs() {
            0..=21_600 => Self::Minute,
            21_601..=864_000 => Self::Hour,
            _ => Self::Day,
        }
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        })
    }

    /// The start of the one in which `at` lies.
    #[must_use]
    pub fn start(self, at: UtcTime) -> UtcTime {
        match self {
            Self::Minute => at.before(Duration::from_millis(at.as_millis().unsigned_abs() % 60_000)),
            Self::Hour => at.start_of_hour(),
            Self::Day => at.start_of_day(),
        }
    }

    /// The time that a row of the API names, as in `2026-11-23T10:07`, `2026-11-23T10` or `2026-11-23`.
    pub(crate) fn parse(self, name: &str) -> Option<UtcTime> {
        match self {
            Self::Minute => format!("{name}:00Z"),
            Self::Hour => format!("{name}:00:00Z"),
            Self::Day => format!("{name}T00:00:00Z"),
        }
        .parse()
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_unit_follows_the_range() {
        let unit = |hours: u64| {
            let from = at("2026-11-01T00:00:00Z");
            Unit::of(from, from.after(Duration::from_secs(hours * 3600))).name()
        };
        assert_eq!([1, 6, 7, 240, 241].map(unit), ["minute", "minute", "hour", "hour", "day"]);
    }
}
