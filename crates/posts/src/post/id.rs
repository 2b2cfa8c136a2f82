//! A post's id.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A post's id: 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
///
/// X's ids are decimal numbers above 2^53, so they are kept as text; Mastodon's are numbers of a server, whose name
/// precedes them (`mastodon.example:116`). Ids that are numbers without leading zeros sort as numbers: by length, then by
/// digits. Clones share their text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[A-Za-z0-9._:-]{1,128}$", example = "1440716895355764743", description = "A post's id. It is a string, because X's ids are numbers too large for some JSON parsers. A Mastodon id begins with the server's name: `mastodon.example:116`."))]
#[serde(into = "String", try_from = "String")]
pub struct PostId(Arc<str>);

/// The text is not a post's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a post's id is 1 to 128 letters, digits or any of . _ : -")]
pub struct InvalidPostId;

impl PostId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for PostId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for PostId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for PostId {
    type Err = InvalidPostId;

    fn from_str(text: &str) -> Result<Self, InvalidPostId> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
        if fits { Ok(Self(text.into())) } else { Err(InvalidPostId) }
    }
}

impl TryFrom<String> for PostId {
    type Error = InvalidPostId;

    fn try_from(text: String) -> Result<Self, InvalidPostId> {
        text.parse()
    }
}

impl From<PostId> for String {
    fn from(id: PostId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_order_as_numbers(a: u64, b: u64) {
            let id = |n: u64| n.to_string().parse::<PostId>().unwrap();
            prop_assert_eq!(id(a).cmp(&id(b)), a.cmp(&b));
        }
    }
}
