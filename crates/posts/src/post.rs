//! A post and its id.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use place::{Country, CountrySource};
use utc_time::UtcTime;

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

/// A post, as it is on the queue, in TweetsTable and in the API's answers.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(description = "A post."))]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// The id that the source gave it.
    pub tweet_id: PostId,
    /// When it was posted.
    pub create_date: UtcTime,
    /// The whole text, even where the source truncates it (long posts, reposts).
    pub text: String,
    /// The author's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<String>,
    /// The author's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// The author's handle, without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_username: Option<String>,
    /// The country, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// How the country is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_source: Option<CountrySource>,
    /// The language that the source detected: a BCP 47 code, or one of the source's own (`und`, `zxx`, `qme`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The post that started the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<PostId>,
    /// The posts that it reposts, quotes or replies to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The post that it replaces, where an edit is a new post (X).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_of: Option<PostId>,
    /// When its text was last edited, where an edit keeps the post's id (Mastodon).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<UtcTime>,
}

impl fmt::Debug for Post {
    /// Leaves out everything that a person wrote, so that it is not logged by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("tweet_id", &self.tweet_id.as_str())
            .field("create_date", &self.create_date.to_string())
            .finish_non_exhaustive()
    }
}

/// A reference to another post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The kind of reference.
    pub kind: ReferenceKind,
    /// The other post.
    pub tweet_id: PostId,
}

/// How a post refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ReferenceKind {
    /// It is a repost of it.
    Retweeted,
    /// It quotes it.
    Quoted,
    /// It replies to it.
    RepliedTo,
}

impl Post {
    /// Whether it reposts another post.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        self.references.iter().any(|reference| reference.kind == ReferenceKind::Retweeted)
    }
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retweeted => "retweeted",
            Self::Quoted => "quoted",
            Self::RepliedTo => "repliedTo",
        })
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

    #[test]
    fn debug_shows_nothing_a_person_wrote() {
        let post: Post = serde_json::from_value(serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": "secret", "authorName": "secret",
        }))
        .unwrap();
        assert!(!format!("{post:?}").contains("secret"));
    }
}
