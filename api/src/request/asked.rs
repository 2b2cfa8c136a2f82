//! Values that many requests ask with.

use jiff::fmt::temporal::Pieces;
use posts::Keyword;
use posts::keyword::InvalidKeyword;
use serde::Deserialize;
use utc_time::UtcTime;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::fields::shown;
use crate::Problem;

/// A keyword as it is asked for. That its length counts in bytes, and which characters are not displayed, no
/// description can say: such a keyword fits the description, and is yet refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AskedKeyword(Result<Keyword, InvalidKeyword>);

impl TryFrom<String> for AskedKeyword {
    type Error = InvalidKeyword;

    fn try_from(text: String) -> Result<Self, InvalidKeyword> {
        match text.parse() {
            Err(error @ InvalidKeyword::TooLong { .. }) if text.chars().count() <= Keyword::MAX_BYTES => {
                Ok(Self(Err(error)))
            }
            Err(error @ InvalidKeyword::Invisible(_)) if text.chars().count() <= Keyword::MAX_BYTES => {
                Ok(Self(Err(error)))
            }
            keyword => Ok(Self(Ok(keyword?))),
        }
    }
}

impl AskedKeyword {
    /// The keyword.
    pub(crate) fn get(self) -> Result<Keyword, Problem> {
        self.0.map_err(|error| Problem::unusable("keyword", error.to_string()))
    }
}

impl PartialSchema for AskedKeyword {
    fn schema() -> RefOr<Schema> {
        Keyword::schema()
    }
}

impl ToSchema for AskedKeyword {}

/// How many things a page holds, at most: 1 to 100.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Limit(usize);

impl Limit {
    const MOST: usize = 100;

    /// How many.
    pub(crate) fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(limit) if (1..=Self::MOST).contains(&limit) => Ok(Self(limit)),
            _ => Err(format!("must be a whole number from 1 to {}, not {}", Self::MOST, shown(&text))),
        }
    }
}

/// A moment as it is asked for; none if it lies before 1970, where nothing is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(Option<UtcTime>);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(at) = timestamp(&text) {
            let last = jiff::Timestamp::MAX.as_second() * 1000;
            return Ok(Self(UtcTime::from_millis(at.as_millisecond().min(last)).ok()));
        }
        // In a query, an unwritten + is a space.
        let zoned = text.rsplit_once(' ').map(|(time, zone)| (time, zone, format!("{time}+{zone}")));
        Err(match zoned {
            Some((time, zone, at)) if timestamp(&at).is_some() => {
                format!("must have the + of its zone written as %2B: {time}%2B{zone}")
            }
            _ => format!(
                "must be a date and time with its zone, as in 2026-11-23T10:00:00Z, not {}",
                shown(&text)
            ),
        })
    }
}

/// A time with its zone; of the last hours of 9999, which jiff leaves out so that each of its times can be told in
/// every zone, the last that it has.
fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let pieces = Pieces::parse(text).ok()?;
        (pieces.date().year() == 9999 && pieces.time().is_some() && pieces.offset().is_some())
            .then_some(jiff::Timestamp::MAX)
    })
}

impl Moment {
    /// The moment, which `field` gave.
    pub(crate) fn get(self, field: &str) -> Result<UtcTime, Problem> {
        self.0.ok_or_else(|| Problem::unusable(field, format!("{field} must not lie before 1970")))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        // Without an example: what is filled in for a reader who wants to try should not narrow what is found.
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "A date and time with its zone, of the years 1970 to 9999, as in 2026-11-23T10:00:00Z.",
            ))
            .into()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_that_only_its_bytes_make_too_long_fits_the_description() {
        let asked = |text: String| AskedKeyword::try_from(text);
        assert!(asked("é".repeat(256)).unwrap().get().is_ok());
        assert!(asked("é".repeat(257)).unwrap().get().is_err());
        assert!(asked("ru\u{200b}st".to_owned()).unwrap().get().is_err());
        assert!(asked("é".repeat(513)).is_err());
        assert!(asked("a".repeat(513)).is_err());
    }
}
