//! A post as it stands in an envelope. Its size is checked here and nowhere else.

use std::fmt;

use super::escape::escape_for_sqs;
use super::limits::POST_BYTES;
use crate::{Post, PostId};
use utc_time::UtcTime;

/// A post as it stands in an envelope: serialized once, and small enough to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedPost {
    pub(super) id: PostId,
    pub(super) edited_at: Option<UtcTime>,
    pub(super) json: String,
}

/// The post is larger than [`POST_BYTES`], so it cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the post has {bytes} bytes of JSON, the limit is {POST_BYTES}")]
pub struct PostTooLarge {
    /// The size of its JSON.
    pub bytes: usize,
}

impl EncodedPost {
    /// Serializes a post.
    ///
    /// # Errors
    /// [`PostTooLarge`].
    pub fn encode(post: &Post) -> Result<Self, PostTooLarge> {
        #[expect(clippy::expect_used, reason = "serde_json fails only on map keys that are not strings")]
        let json = serde_json::to_string(post).expect("a post holds no maps");
        let json = escape_for_sqs(json);
        PostTooLarge::check(&json)?;
        Ok(Self { id: post.tweet_id.clone(), edited_at: post.edited_at, json })
    }

    /// The size of its JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.json.len()
    }
}

impl PostTooLarge {
    /// Refuses the JSON of a post that is too large.
    pub(super) fn check(json: &str) -> Result<(), Self> {
        if json.len() > POST_BYTES { Err(Self { bytes: json.len() }) } else { Ok(()) }
    }
}

impl fmt::Debug for EncodedPost {
    /// Leaves out the JSON: it holds what a person wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedPost")
            .field("id", &self.id.as_str())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
