//! A text, taken apart when a rule first asks for it.

use std::sync::OnceLock;

use crate::rule::words::Words;

/// A text, taken apart when a rule first asks for it: most texts are never asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prose {
    text: String,
    lower: OnceLock<String>,
    words: OnceLock<Words>,
}

impl Prose {
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The whole text in lower case.
    pub(crate) fn lower(&self) -> &str {
        self.lower.get_or_init(|| self.text.to_lowercase())
    }

    pub(crate) fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::of(&self.text))
    }
}

impl PartialEq for Prose {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
