//! Where posts come from.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where posts come from. Each source that a deployment reads has a stream of its own: a task that reads it, a lease, gaps and budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum SourceName {
    /// X's filtered stream.
    X,
    /// The public posts that a Mastodon server knows.
    Mastodon,
}

impl SourceName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::X, Self::Mastodon];

    /// The name in requests, answers and variables, which is the id of its stream in StreamStatusTable too.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::Mastodon => "mastodon",
        }
    }
}

/// A text names no source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source is x or mastodon; got {0:?}")]
pub struct UnknownSource(String);

impl FromStr for SourceName {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL
            .into_iter()
            .find(|source| source.as_str() == text)
            .ok_or_else(|| UnknownSource(text.to_owned()))
    }
}
