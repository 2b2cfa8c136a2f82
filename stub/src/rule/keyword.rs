//! A keyword or phrase, as it is looked for in a text.

use super::diacritics::passes_for;
use super::facts::Prose;
use super::scope::Scope;
use super::words::Words;

/// A keyword or phrase.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Keyword {
    /// A word or a quoted phrase: its words in a row.
    Words(Words),
    /// The same with accents, which search does not insist on.
    Accented(Words),
    /// Something without words (an emoji), or in a script without spaces: anywhere in the text.
    Anywhere(String),
}

impl Keyword {
    /// Reads a keyword or phrase; `None` if it is empty.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let is_spaceless =
            |c: char| matches!(u32::from(c), 0x0E00..=0x0EFF | 0x3040..=0x30FF | 0x3400..=0x9FFF);
        if text.trim().is_empty() {
            return None;
        }
        let words = Words::of(text);
        Some(if words.is_empty() || text.chars().any(is_spaceless) {
            Self::Anywhere(text.to_lowercase())
        } else if text.is_ascii() {
            Self::Words(words)
        } else {
            Self::Accented(words)
        })
    }

    pub(crate) fn is_in(&self, text: &Prose, scope: Scope) -> bool {
        match (self, scope) {
            (Self::Anywhere(part), _) => text.lower().contains(part.as_str()),
            (Self::Accented(words), Scope::Search) => text.words().contain_as(words, passes_for),
            (Self::Words(words) | Self::Accented(words), _) => text.words().contain(words),
        }
    }

    /// As it is written in a text.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Words(words) | Self::Accented(words) => words.iter().collect::<Vec<_>>().join(" "),
            Self::Anywhere(text) => text.clone(),
        }
    }
}
