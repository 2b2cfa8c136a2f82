//! Dates and times as parameters or fields.

use jiff::fmt::temporal::Pieces;
use serde::Deserialize;
use utc_time::UtcTime;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use x::limits::FIRST_POST;

use super::malformed::{InvalidValue, quoted};
use crate::error::ApiError;

/// A date and time with a zone; none if it lies before 1970, which is well-formed and cannot be used.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct QueryTime(Option<UtcTime>);

impl TryFrom<String> for QueryTime {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        if let Some(time) = timestamp(&text) {
            let last = jiff::Timestamp::MAX.as_second() * 1000;
            return Ok(Self(UtcTime::from_millis(time.as_millisecond().min(last)).ok()));
        }
        // In a query string a + that is not percent-encoded is a space.
        if let Some((time, zone)) = text.rsplit_once(' ')
            && timestamp(&format!("{time}+{zone}")).is_some()
        {
            let encoded = format!("{time}%2B{zone}");
            return Err(InvalidValue::new(format!(
                "must have the + of its zone written as %2B, as in {encoded}"
            )));
        }
        let got = quoted(&text);
        Err(InvalidValue::new(format!(
            "must be a date and time with a zone, such as 2026-11-23T10:00:00Z; got {got}"
        )))
    }
}

/// A date and time with a zone. For the last hours of 9999 it is the last timestamp that jiff has: jiff leaves these
/// hours out, so that each of its timestamps can be written in every zone.
fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let pieces = Pieces::parse(text).ok()?;
        (pieces.date().year() == 9999 && pieces.time().is_some() && pieces.offset().is_some())
            .then_some(jiff::Timestamp::MAX)
    })
}

impl QueryTime {
    /// The time, sent as `field`, if posts can have been written then.
    ///
    /// # Errors
    /// It lies before the first post of all, or not before `now`.
    pub(crate) fn of_posts(self, field: &'static str, now: UtcTime) -> Result<UtcTime, ApiError> {
        let first: Option<UtcTime> = FIRST_POST.parse().ok();
        let day = &FIRST_POST[.."2006-03-21".len()];
        let time = self.0.filter(|time| first.is_none_or(|first| *time >= first));
        let time = time.ok_or_else(|| ApiError::Unusable {
            field,
            reason: format!("must not be before {day}, the day of the first post of all"),
        })?;
        if time >= now {
            return Err(ApiError::Unusable { field, reason: format!("must lie in the past; got {time}") });
        }
        Ok(time)
    }

    /// The time, sent as `field`.
    fn time(self, field: &'static str) -> Result<UtcTime, ApiError> {
        self.0.ok_or_else(|| ApiError::Unusable { field, reason: "must not be before 1970".to_owned() })
    }
}

impl PartialSchema for QueryTime {
    fn schema() -> RefOr<Schema> {
        // Without an example: the page fills it in, and a reader who tries the operation would find fewer posts.
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "A date and time with a zone, from 1970 to 9999, such as 2026-11-23T10:00:00Z.",
            ))
            .into()
    }
}

impl ToSchema for QueryTime {}

/// The range that `from` and `to` name, each of which may be absent; not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeRange {
    /// The first time in the range.
    pub(crate) from: Option<UtcTime>,
    /// The first time after the range.
    pub(crate) to: Option<UtcTime>,
}

impl TimeRange {
    /// The range of the parameters `from` and `to`.
    ///
    /// # Errors
    /// One of them lies before 1970, or `to` is not after `from`.
    pub(crate) fn new(from: Option<QueryTime>, to: Option<QueryTime>) -> Result<Self, ApiError> {
        let from = from.map(|from| from.time("from")).transpose()?;
        let to = to.map(|to| to.time("to")).transpose()?;
        match (from, to) {
            (Some(from), Some(to)) if to <= from => Err(ApiError::Unusable {
                field: "to",
                reason: format!("must be after `from`; {to} is not after {from}"),
            }),
            _ => Ok(Self { from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<QueryTime, InvalidValue> {
        text.to_owned().try_into()
    }

    #[test]
    fn times_are_of_1970_to_9999() {
        let late = parsed("9999-12-31T00:00:00Z").unwrap().time("to").unwrap();
        assert_eq!(late, parsed("9999-12-31T23:59:59.999Z").unwrap().time("to").unwrap());
        assert!(late > "9999-12-30T21:00:00Z".parse().unwrap());
        let early = parsed("1969-12-31T23:59:59Z").unwrap().time("from").unwrap_err();
        assert_eq!(early.to_string(), "`from` must not be before 1970");
        for wrong in ["2026-11-23", "2026-11-23T10:00:00", "10000-01-01T00:00:00Z", "9999-12-32T00:00:00Z"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_is_not_empty() {
        let range = |from, to| TimeRange::new(parsed(from).ok(), parsed(to).ok());
        assert!(range("2026-11-23T10:00:00Z", "2026-11-23T10:00:00.001Z").is_ok());
        let error = range("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z").unwrap_err();
        assert!(matches!(error, ApiError::Unusable { field: "to", .. }), "{error:?}");
    }
}
