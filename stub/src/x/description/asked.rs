//! What a request asks for, after it has been checked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Spelling;

/// The parameters and the body of a request that the description allows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) spelling: Spelling,
    pub(crate) values: BTreeMap<&'static str, String>,
    /// Null without a body.
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The words of a list.
    pub(crate) fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).into_iter().flat_map(|words| words.split(','))
    }
}
