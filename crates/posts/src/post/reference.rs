//! How posts refer to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::PostId;

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

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retweeted => "retweeted",
            Self::Quoted => "quoted",
            Self::RepliedTo => "repliedTo",
        })
    }
}
