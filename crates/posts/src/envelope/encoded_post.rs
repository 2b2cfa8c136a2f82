//! A post as it stands in an envelope. Its size is checked here and nowhere else.

use std::fmt;
use std::sync::Arc;

use super::escape::escape_for_sqs;
use super::limits::POST_BYTES;
use crate::PostId;
use crate::sources::{Sent, Source};
use utc_time::UtcTime;

/// A post as it stands in an envelope, small enough to be stored: its id, when it was posted, when it was read, and what its source sent.
/// Clones share their JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedPost(Arc<Encoded>);

#[derive(PartialEq, Eq)]
struct Encoded {
    id: PostId,
    edited_at: Option<UtcTime>,
    /// What stands before what the source sent, which is not copied for it; empty if the JSON is the post itself.
    head: String,
    json: String,
}

/// The post is larger than [`POST_BYTES`], so it cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the post has {bytes} bytes of JSON, the limit is {POST_BYTES}")]
pub struct PostTooLarge {
    /// The size of its JSON.
    pub bytes: usize,
}

impl EncodedPost {
    /// Encodes a post that was read at this time.
    ///
    /// # Errors
    /// [`PostTooLarge`].
    pub fn encode(post: Sent, read_at: UtcTime) -> Result<Self, PostTooLarge> {
        let Sent { head, source, json } = post;
        let head_json = match source {
            None => String::new(),
            Some(source) => {
                let (name, host) = match &source {
                    Source::X => ("x", None),
                    Source::Mastodon { host } => ("mastodon", Some(serde_json::Value::from(host.as_str()))),
                };
                let host = host.map(|host| format!(r#""host":{host},"#)).unwrap_or_default();
                let (id, created) = (&head.id, head.created);
                // Neither an id nor a time holds what JSON escapes.
                format!(r#"{{"tweetId":"{id}","createDate":"{created}","readAt":"{read_at}",{host}"{name}":"#)
            }
        };
        let json = escape_for_sqs(json);
        let encoded =
            Self(Arc::new(Encoded { id: head.id, edited_at: head.edited_at, head: head_json, json }));
        PostTooLarge::check_bytes(encoded.bytes())?;
        Ok(encoded)
    }

    /// The id that its source gave it.
    pub(super) fn id(&self) -> &PostId {
        &self.0.id
    }

    /// When it was edited, where an edit keeps the post's id.
    pub(super) fn edited_at(&self) -> Option<UtcTime> {
        self.0.edited_at
    }

    /// Its JSON, in parts.
    pub(super) fn parts(&self) -> [&str; 3] {
        let Encoded { head, json, .. } = &*self.0;
        [head, json, if head.is_empty() { "" } else { "}" }]
    }

    /// The size of its JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }
}

impl PostTooLarge {
    /// Refuses the JSON of a post that is too large.
    pub(super) fn check(json: &str) -> Result<(), Self> {
        Self::check_bytes(json.len())
    }

    fn check_bytes(bytes: usize) -> Result<(), Self> {
        if bytes > POST_BYTES { Err(Self { bytes }) } else { Ok(()) }
    }
}

impl fmt::Debug for EncodedPost {
    /// Leaves out the JSON: it holds what a person wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedPost")
            .field("id", &self.id().as_str())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
