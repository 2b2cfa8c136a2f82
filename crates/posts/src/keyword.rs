//! Keywords: what users request to be collected.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A requested keyword: a word, a phrase, or any rule of X's filtered stream.
///
/// 1 to [`Keyword::MAX_BYTES`] bytes of UTF-8 in Unicode's normalization form C, without control
/// characters, without white space at either end, and with one space between words. Case is kept: `OR` is an
/// operator to X, `or` is not.
///
/// Characters that are not displayed are refused
/// ([Default_Ignorable_Code_Point](https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point)), such as
/// zero-width spaces, byte order marks and characters that change the direction of writing: they make two keywords look
/// the same, or one read as another. Four kinds of them belong to words and emoji, and are accepted there:
///
/// - after a character that is not ASCII: joiners and non-joiners (Persian and Indic words, emoji sequences);
/// - after such a character too: variation selectors (emoji, ideographs, Mongolian) and the Mongolian vowel separator;
/// - before a keycap: its selector;
/// - after the black flag: the tags of the region whose flag it is.
///
/// Parsing applies these rules to what a user wrote. Deserializing accepts a stored keyword as it is, so that one from
/// before a rule can still be read and removed. Clones share their text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    // Not only white space, and no control characters.
    schema(
        value_type = String, min_length = 1, max_length = 512, example = "rust",
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        description = "What to collect: a word, a `\"phrase\"`, or any rule of X's filtered stream, without characters that \
            are not displayed.\n\n\
            White space around it is dropped, and between words becomes one space. Letters are composed (Unicode's form \
            NFC); then it may have 512 bytes of UTF-8. Case is kept: `OR` is an operator to X, `or` is not.",
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
    /// A character that is not displayed.
    #[error("a keyword must not contain characters that are not displayed, such as U+{:04X}", u32::from(*.0))]
    Invisible(char),
}

impl Keyword {
    /// The longest keyword, in bytes of UTF-8.
    ///
    /// X's recent search, which heals gaps, accepts 512 characters: the gaps of a longer keyword could not be healed.
    /// The limit is in bytes, so that a keyword also fits every key and label made of it.
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
        let text: String = text.nfc().collect();
        if let Some(hidden) = invisible(&text) {
            return Err(InvalidKeyword::Invisible(hidden));
        }
        Self::try_from(text)
    }
}

impl TryFrom<String> for Keyword {
    type Error = InvalidKeyword;

    /// A stored keyword: what [`Keyword::from_str`] made of a text, by the rules of its time.
    fn try_from(text: String) -> Result<Self, InvalidKeyword> {
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

/// Chooses the emoji's look of the character before it; with a keycap, of a digit, `#` or `*`.
const EMOJI_SELECTOR: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';

/// Whether Unicode 17 lets a display leave the character out: Default_Ignorable_Code_Point in
/// <https://www.unicode.org/Public/17.0.0/ucd/DerivedCoreProperties.txt>.
fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The first character of `text` that is not displayed and does not belong to a word or an emoji.
fn invisible(text: &str) -> Option<char> {
    let mut shown = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let belongs = match character {
            // Joiners, variation selectors, and what Mongolian words are written with.
            '\u{200c}'..='\u{200d}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0100}'..='\u{e01ef}'
            | '\u{180b}'..='\u{180f}' => {
                let keycap = character == EMOJI_SELECTOR && characters.peek() == Some(&KEYCAP);
                keycap || shown.is_some_and(|before: char| !before.is_ascii() && !before.is_whitespace())
            }
            // Tags.
            '\u{e0020}'..='\u{e007f}' => shown == Some(BLACK_FLAG),
            _ => {
                shown = Some(character);
                !is_ignorable(character)
            }
        };
        if !belongs {
            return Some(character);
        }
    }
    None
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
    fn composed_and_decomposed_letters_are_one_keyword() {
        let (composed, decomposed) = ("R\u{16b}dys", "Ru\u{304}dys");
        assert_eq!(composed.parse::<Keyword>(), decomposed.parse::<Keyword>());
        // What grows when it is composed is measured as it is kept.
        let grows = "\u{958}".repeat(170);
        assert_eq!(grows.parse::<Keyword>(), Err(InvalidKeyword::TooLong { bytes: 1020 }));
    }

    #[test]
    fn what_does_not_show_is_refused_and_what_words_and_emoji_are_made_of_is_not() {
        for (text, hidden) in [
            ("ru\u{200b}st", '\u{200b}'),
            ("\u{feff}rust", '\u{feff}'),
            ("rust \u{202e}tsur", '\u{202e}'),
            ("\u{2066}rust\u{2069}", '\u{2066}'),
            ("rust\u{200d}", '\u{200d}'),
            ("\u{200c}", '\u{200c}'),
            ("ж \u{200d}ж", '\u{200d}'),
            ("rust\u{fe0f}", '\u{fe0f}'),
            ("1\u{fe0f}", '\u{fe0f}'),
            ("so\u{ad}ft", '\u{ad}'),
            ("ж\u{e0041}", '\u{e0041}'),
            ("\u{3164}", '\u{3164}'),
        ] {
            assert_eq!(text.parse::<Keyword>(), Err(InvalidKeyword::Invisible(hidden)), "{text:?}");
        }
        for text in [
            // Persian "I want", Sinhala "Sri", Malayalam's final n.
            "می\u{200c}خواهم",
            "ශ\u{dca}\u{200d}රී",
            "ന\u{d4d}\u{200d}",
            // A family, a heart, a keycap, Scotland's flag.
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "葛\u{e0100}",
        ] {
            assert_eq!(text.parse::<Keyword>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn one_that_was_kept_before_a_rule_is_read_as_it_was_kept() {
        for kept in ["Ru\u{304}dys", "ru\u{200b}st"] {
            let keyword: Keyword = serde_json::from_value(kept.into()).unwrap();
            assert_eq!(keyword.as_str(), kept);
        }
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
