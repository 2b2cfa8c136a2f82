//! A query for the posts of a keyword, and a page of its results.

use serde::{Deserialize, Serialize};

use super::filter::PostFilter;
use super::item::StoredPost;
use crate::{Keyword, PostId};
use utc_time::UtcTime;

/// A query for the posts of one keyword.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostQuery {
    /// The keyword under which they were collected.
    pub keyword: Keyword,
    /// The time from which on they were posted, inclusive.
    pub from: Option<UtcTime>,
    /// The time before which they were posted, exclusive.
    pub before: Option<UtcTime>,
    /// What else must be true of them.
    pub filter: PostFilter,
    /// The order in which they are returned.
    pub order: Order,
}

/// The order in which posts are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Order {
    /// Newest first.
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Where a page ends: after this post. It stays valid when posts are added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostPosition {
    /// The last post that was read.
    pub tweet_id: PostId,
    /// When it was posted.
    pub create_date: UtcTime,
}

/// What is found under a keyword.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A stored post.
    Stored(Box<StoredPost>),
    /// What remains of a post that was removed.
    Removed(RemovedPost),
}

/// What remains of a post that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedPost {
    /// Its id.
    pub tweet_id: PostId,
    /// When it was posted.
    pub create_date: UtcTime,
    /// When it was removed.
    pub removed_at: UtcTime,
}

impl Found {
    /// The position behind it.
    #[must_use]
    pub fn position(&self) -> PostPosition {
        let (id, create_date) = match self {
            Self::Stored(stored) => (&stored.post.tweet_id, stored.post.create_date),
            Self::Removed(removed) => (&removed.tweet_id, removed.create_date),
        };
        PostPosition { tweet_id: id.clone(), create_date }
    }
}

/// A page of what a query finds, removed posts among it.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundPage {
    /// What was found.
    pub found: Vec<Found>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<PostPosition>,
    /// How many items were read to find these.
    pub read: usize,
}

/// A page of the posts that match a query.
#[derive(Clone, Debug, PartialEq)]
pub struct PostPage {
    /// The posts.
    pub posts: Vec<StoredPost>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<PostPosition>,
    /// How many posts were read to find these.
    pub read: usize,
}

impl PostQuery {
    /// All posts of a keyword.
    #[must_use]
    pub fn all(keyword: Keyword, order: Order) -> Self {
        Self { keyword, from: None, before: None, filter: PostFilter::default(), order }
    }

    /// Whether a page of this query can end there.
    #[must_use]
    pub fn includes(&self, cursor: &PostPosition) -> bool {
        let at = cursor.create_date;
        self.from.is_none_or(|from| from <= at) && self.before.is_none_or(|before| at < before)
    }

    /// Whether the time range is empty.
    pub(super) fn is_empty(&self) -> bool {
        match (self.from, self.before) {
            (Some(from), Some(before)) => before <= from,
            (None, Some(before)) => before.as_millis() == 0,
            _ => false,
        }
    }
}
