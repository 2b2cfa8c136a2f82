//! A keyword as a parameter or field.

use posts::Keyword;
use posts::keyword::InvalidKeyword;
use serde::Deserialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::malformed::InvalidValue;
use crate::error::ApiError;

/// A keyword as a parameter or field.
///
/// The description's schema counts characters, a keyword's limit counts bytes, and no schema can say which characters
/// are invisible. So a text can fit the schema and still be no keyword: it is read, and refused when it is used, with 422
/// instead of 400.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct KeywordParameter(Result<Keyword, InvalidKeyword>);

impl TryFrom<String> for KeywordParameter {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        match text.parse() {
            Err(error) if !fits_schema(&text, &error) => Err(InvalidValue::new(requirement(&error))),
            keyword => Ok(Self(keyword)),
        }
    }
}

impl KeywordParameter {
    /// The keyword.
    pub(crate) fn keyword(self) -> Result<Keyword, ApiError> {
        self.0.map_err(|error| ApiError::Unusable { field: "keyword", reason: requirement(&error) })
    }
}

/// Whether a text that is no keyword fits the description's schema of one.
fn fits_schema(text: &str, error: &InvalidKeyword) -> bool {
    match error {
        InvalidKeyword::TooLong { .. } | InvalidKeyword::Invisible(_) => {
            text.chars().count() <= Keyword::MAX_BYTES
        }
        InvalidKeyword::Empty | InvalidKeyword::ControlCharacter => false,
    }
}

/// What a keyword must be, to follow the field's name.
fn requirement(error: &InvalidKeyword) -> String {
    match error {
        InvalidKeyword::Empty => "must not be empty".to_owned(),
        InvalidKeyword::TooLong { bytes } => {
            format!("must be at most {} bytes of UTF-8; got {bytes}", Keyword::MAX_BYTES)
        }
        InvalidKeyword::ControlCharacter => "must not contain control characters".to_owned(),
        InvalidKeyword::Invisible(character) => {
            format!("must not contain invisible characters; got U+{:04X}", u32::from(*character))
        }
    }
}

impl PartialSchema for KeywordParameter {
    fn schema() -> RefOr<Schema> {
        Keyword::schema()
    }
}

impl ToSchema for KeywordParameter {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_that_only_its_bytes_make_too_long_fits_the_schema() {
        let parameter = |text: String| KeywordParameter::try_from(text);
        assert!(parameter("é".repeat(256)).unwrap().keyword().is_ok());
        assert!(parameter("é".repeat(257)).unwrap().keyword().is_err());
        assert!(parameter("ru\u{200b}st".to_owned()).unwrap().keyword().is_err());
        assert!(parameter("é".repeat(513)).is_err());
        assert!(parameter("a".repeat(513)).is_err());
    }
}
