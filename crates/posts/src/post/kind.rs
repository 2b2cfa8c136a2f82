//! What kind of post it is.

use serde::{Deserialize, Serialize};

use super::fields::Post;
use super::reference::ReferenceKind;

/// What kind of post it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PostKind {
    /// It reposts another post.
    Repost,
    /// It quotes another post, whether or not it replies to one.
    Quote,
    /// It replies to another post.
    Reply,
    /// None of these.
    Original,
}

impl Post {
    /// What kind of post it is.
    #[must_use]
    pub fn kind(&self) -> PostKind {
        let refers = |kind| self.references.iter().any(|reference| reference.kind == kind);
        match () {
            () if refers(ReferenceKind::Retweeted) => PostKind::Repost,
            () if refers(ReferenceKind::Quoted) => PostKind::Quote,
            () if refers(ReferenceKind::RepliedTo) => PostKind::Reply,
            () => PostKind::Original,
        }
    }
}
