//! Points in time, as posts and tables write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A point in time: UTC, to the millisecond, from 1970 to 9999.
///
/// It is always written as `2026-11-23T10:00:00.000Z`, so that texts sort as times do; tables and cursors rely on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime, example = "2026-11-23T10:00:00.000Z", description = "A moment of UTC, to the millisecond, of the years 1970 to 9999."))]
#[serde(into = "String", try_from = "String")]
pub struct UtcTime(Timestamp);

const DAY_MS: i64 = 86_400_000;

/// The text is not a time of this range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time of the years 1970 to 9999, such as 2026-11-23T10:00:00.000Z")]
pub struct InvalidTime;

impl UtcTime {
    /// The current time by this machine's clock. Where tokio's time is paused or advanced, it moves along, so that times and
    /// waits agree.
    #[must_use]
    pub fn now() -> Self {
        let moved = tokio::time::Instant::now().into_std();
        let real = std::time::Instant::now();
        // Otherwise this is the same clock, read twice.
        let now = Timestamp::now();
        match moved.checked_duration_since(real) {
            Some(ahead) => now.checked_add(ahead).unwrap_or(now).into(),
            None => now.checked_sub(real.duration_since(moved)).unwrap_or(now).into(),
        }
    }

    /// The time `time` later, at most the last one in range.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        self.0.checked_add(time).map_or(Self(Timestamp::MAX), Self::from)
    }

    /// The time `time` earlier, at least the first one in range.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        self.0.checked_sub(time).map_or(Self(Timestamp::UNIX_EPOCH), Self::from)
    }

    /// How long after `earlier` it is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.as_millis() - earlier.as_millis()).unwrap_or(0))
    }

    /// Its day, as in `2026-11-23`.
    #[must_use]
    pub fn day(self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-11-23".len());
        text
    }

    /// The start of its day.
    #[must_use]
    pub fn start_of_day(self) -> Self {
        let millis = self.as_millis();
        Self::from_millis(millis - millis % DAY_MS).unwrap_or(self)
    }

    /// The start of the next day.
    #[must_use]
    pub fn start_of_next_day(self) -> Self {
        Self::from_millis(self.start_of_day().as_millis() + DAY_MS).unwrap_or(self)
    }

    /// Its month, as in `2026-11`.
    #[must_use]
    pub fn month(self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-11".len());
        text
    }

    /// The start of the next month.
    #[must_use]
    pub fn start_of_next_month(self) -> Self {
        let mut day = self.start_of_next_day();
        while day.month() == self.month() && day > self {
            day = day.start_of_next_day();
        }
        day
    }

    /// The time `millis` milliseconds after the start of 1970.
    ///
    /// # Errors
    /// [`InvalidTime`] before 1970 and after 9999.
    pub fn from_millis(millis: i64) -> Result<Self, InvalidTime> {
        if millis < 0 {
            return Err(InvalidTime);
        }
        // jiff's own range ends with the year 9999.
        Timestamp::from_millisecond(millis).map(Self).map_err(|_| InvalidTime)
    }

    /// Milliseconds since the start of 1970.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Its hour, as in `2026-11-23T10`: the unit in which posts are counted.
    #[must_use]
    pub fn hour(self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-11-23T10".len());
        text
    }

    /// Its minute, as in `2026-11-23T10:07`.
    #[must_use]
    pub fn minute(self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-11-23T10:07".len());
        text
    }

    /// The start of its hour.
    #[must_use]
    pub fn start_of_hour(self) -> Self {
        const HOUR_MS: i64 = 3_600_000;
        let millis = self.as_millis();
        Self::from_millis(millis - millis % HOUR_MS).unwrap_or(self)
    }
}

impl From<Timestamp> for UtcTime {
    /// Truncates to a millisecond; a time before 1970 becomes the start of 1970.
    fn from(at: Timestamp) -> Self {
        Self::from_millis(at.as_millisecond().max(0)).unwrap_or(Self(Timestamp::UNIX_EPOCH))
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl FromStr for UtcTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let at: Timestamp = text.parse().map_err(|_| InvalidTime)?;
        Self::from_millis(at.as_millisecond())
    }
}

impl From<UtcTime> for String {
    fn from(date: UtcTime) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for UtcTime {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 9999-12-31T23:59:59 less jiff's allowance for time zones.
    const LAST: i64 = 253_402_207_200_000;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let next = |text: &str| text.parse::<UtcTime>().unwrap().start_of_next_month().to_string();
        assert_eq!(next("2026-11-26T17:00:00Z"), "2026-12-01T00:00:00.000Z");
        assert_eq!(next("2026-12-31T23:59:59.999Z"), "2027-01-01T00:00:00.000Z");
        assert_eq!(next("2028-02-01T00:00:00Z"), "2028-03-01T00:00:00.000Z");
        assert_eq!("2026-11-26T17:00:00Z".parse::<UtcTime>().unwrap().month(), "2026-11");
    }

    proptest! {
        #[test]
        fn texts_sort_as_times_do_and_come_back_the_same(a in 0..LAST, b in 0..LAST) {
            let (a, b) = (UtcTime::from_millis(a).unwrap(), UtcTime::from_millis(b).unwrap());
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert_eq!(a.to_string().parse::<UtcTime>().unwrap(), a);
            prop_assert!(a.to_string().starts_with(&a.hour()));
            prop_assert_eq!(a.start_of_day().to_string(), format!("{}T00:00:00.000Z", a.day()));
            prop_assert_eq!(a.start_of_hour().to_string(), format!("{}:00:00.000Z", a.hour()));
        }
    }

    #[test]
    fn other_zones_and_precisions_are_the_same_moment() {
        let date: UtcTime = "2026-11-23T12:00:00.1239+02:00".parse().unwrap();
        assert_eq!(date.to_string(), "2026-11-23T10:00:00.123Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-11-23"] {
            assert_eq!(text.parse::<UtcTime>(), Err(InvalidTime), "{text}");
        }
    }
}
