//! The range of a count: whole hours, of bounded length.

use std::time::Duration;

use utc_time::UtcTime;

use crate::error::ApiError;
use crate::request::TimeRange;

const HOUR: Duration = Duration::from_secs(60 * 60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A range of whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    /// The first hour.
    pub(super) first: UtcTime,
    /// The first hour after the range.
    pub(super) end: UtcTime,
}

impl Hours {
    /// The hours that `range` touches. Without `from`, the range is `default` long.
    ///
    /// # Errors
    /// The range is longer than `longest`, or begins in the future.
    pub(super) fn new(range: TimeRange, default: Duration, longest: Duration) -> Result<Self, ApiError> {
        // A post's clock may be ahead of ours.
        let to = range.to.unwrap_or_else(|| UtcTime::now().after(2 * HOUR));
        let unusable = |reason: String| Err(ApiError::Unusable { field: "from", reason });
        if let Some(from) = range.from
            && to <= from
        {
            return unusable(format!("is in the future: no post was written at {from} or later"));
        }
        let end = to.before(Duration::from_millis(1)).start_of_hour().after(HOUR);
        let first = range.from.map_or_else(|| end.before(default), UtcTime::start_of_hour);
        if end.since(first) > longest {
            let days = longest.as_secs() / DAY.as_secs();
            return unusable(match range.to {
                Some(_) => format!("must be at most {days} days before `to`"),
                None => format!("must be at most {days} days ago if `to` is absent"),
            });
        }
        Ok(Self { first, end })
    }

    /// The hours, earliest first.
    pub(super) fn iter(self) -> impl Iterator<Item = UtcTime> {
        std::iter::successors(Some(self.first), |hour| Some(hour.after(HOUR)))
            .take_while(move |hour| *hour < self.end)
    }

    /// The last hour.
    pub(super) fn last(self) -> UtcTime {
        self.end.before(HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: Duration = Duration::from_secs(31 * 24 * 60 * 60);

    fn hours(from: &str, to: &str) -> Result<Hours, String> {
        let time = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let range = TimeRange { from: time(from), to: time(to) };
        Hours::new(range, DAY, MONTH).map_err(|error| error.to_string())
    }

    #[test]
    fn a_range_becomes_the_hours_that_it_touches() {
        let day = hours("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z").unwrap();
        assert_eq!(day.iter().count(), 24);
        let touched = hours("2026-11-23T10:59:00Z", "2026-11-23T11:00:00.001Z").unwrap();
        assert_eq!(
            (touched.first.hour(), touched.last().hour()),
            ("2026-11-23T10".into(), "2026-11-23T11".into())
        );
        assert_eq!(hours("", "2026-11-24T00:00:00Z").unwrap(), day);
    }

    #[test]
    fn a_range_is_bounded_and_not_in_the_future() {
        assert!(hours("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z").is_ok());
        let too_long = hours("2026-10-01T00:00:00Z", "2026-11-01T00:00:01Z").unwrap_err();
        assert_eq!(too_long, "`from` must be at most 31 days before `to`");
        let too_old = hours("2020-01-01T00:00:00Z", "").unwrap_err();
        assert_eq!(too_old, "`from` must be at most 31 days ago if `to` is absent");
        assert!(hours("9999-12-01T00:00:00Z", "").unwrap_err().starts_with("`from` is in the future"));
    }
}
