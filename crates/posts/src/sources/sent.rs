//! A post as its source sent it.

use std::fmt;

use super::Source;
use crate::{Post, PostId};
use utc_time::UtcTime;

/// A post as its source sent it, with what must be known of it before it is read as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// What must be known of it.
    pub head: Head,
    /// Who sent it; `None` if its JSON is that of a [`Post`].
    pub(crate) source: Option<Source>,
    /// What was sent: valid JSON.
    pub(crate) json: String,
}

/// What must be known of a post before it is stored: to drop repeats, to count it, to order it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The id that the source gave it.
    pub id: PostId,
    /// When it was posted.
    pub created: UtcTime,
    /// When its text was last edited, where an edit keeps the post's id.
    pub edited_at: Option<UtcTime>,
    /// The author's id.
    pub author_id: Option<String>,
    /// Whether it reposts another post.
    pub is_repost: bool,
}

impl Sent {
    /// What `source` sent; `json` is valid JSON.
    #[must_use]
    pub fn new(head: Head, source: Source, json: String) -> Self {
        Self { head, source: Some(source), json }
    }
}

impl From<&Post> for Sent {
    /// A post of a source that this crate does not know.
    fn from(post: &Post) -> Self {
        #[expect(clippy::expect_used, reason = "serde_json fails only on map keys that are not strings")]
        let json = serde_json::to_string(post).expect("a post holds no maps");
        Self { head: Head::from(post), source: None, json }
    }
}

impl From<&Post> for Head {
    fn from(post: &Post) -> Self {
        Self {
            id: post.tweet_id.clone(),
            created: post.create_date,
            edited_at: post.edited_at,
            author_id: post.author_id.clone(),
            is_repost: post.is_repost(),
        }
    }
}

impl fmt::Debug for Sent {
    /// Leaves out the JSON: it holds what a person wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("id", &self.head.id.as_str())
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}
