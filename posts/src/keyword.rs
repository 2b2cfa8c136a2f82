//! What a user asks to be collected.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a user asks to be collected: a word, a phrase, or any rule that the stream understands.
///
/// 1 to [`Keyword::MAX_BYTES`] bytes of UTF-8, without control characters, without white space at
/// either end, and with one space between words. Case is kept: `OR` is an operator to X, `or` is not.
/// Copies share their text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    // Not only white space, and no control characters.
    schema(
        value_type = String, min_length = 1, max_length = 512, example = "rust",
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
    )
)]
#[serde(into = "String", try_from = "String")]
pub struct Keyword(Arc<str>);

/// Why a text cannot be a keyword.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyword {
    /// Nothing but white space.
    #[error("a keyword must not be empty")]
    Empty,
    /// More than [`Keyword::MAX_BYTES`].
    #[error("a keyword may be at most {max} bytes of UTF-8 long, this one is {bytes}", max = Keyword::MAX_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A control character, such as a line break.
    #[error("a keyword must not contain control characters")]
    ControlCharacter,
}

impl Keyword {
    /// The longest keyword, in bytes of UTF-8.
    ///
    /// X's recent search, by which gaps are healed, takes 512 characters; a keyword that it cannot
    /// look for could not be healed. Counted in bytes, it also fits every key and label made of it.
    pub const MAX_BYTES: usize = 512;

    /// The keyword as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Keyword {
    type Err = InvalidKeyword;

    fn from_str(text: &str) -> Result<Self, InvalidKeyword> {
        if text.chars().any(char::is_control) {
            return Err(InvalidKeyword::ControlCharacter);
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidKeyword::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidKeyword::TooLong { bytes: text.len() });
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(Self(words.join(" ").into()))
    }
}

impl TryFrom<String> for Keyword {
    type Error = InvalidKeyword;

    fn try_from(text: String) -> Result<Self, InvalidKeyword> {
        text.parse()
    }
}

impl From<Keyword> for String {
    fn from(keyword: Keyword) -> Self {
        keyword.as_str().to_owned()
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_and_between_does_not_make_another_keyword() {
        let keyword: Keyword = "  rust \u{a0} lang ".parse().unwrap();
        assert_eq!(keyword.as_str(), "rust lang");
    }

    #[test]
    fn limits_hold_to_the_byte() {
        assert_eq!("  ".parse::<Keyword>(), Err(InvalidKeyword::Empty));
        assert!("é".repeat(256).parse::<Keyword>().is_ok());
        assert_eq!(
            format!("{}a", "é".repeat(256)).parse::<Keyword>(),
            Err(InvalidKeyword::TooLong { bytes: 513 })
        );
        assert_eq!("a\u{7}b".parse::<Keyword>(), Err(InvalidKeyword::ControlCharacter));
        assert_eq!("a\nb".parse::<Keyword>(), Err(InvalidKeyword::ControlCharacter));
    }
}
