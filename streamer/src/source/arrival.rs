//! What arrives from a source.

use std::collections::BTreeSet;

use posts::sources::Sent;
use posts::{Keyword, PostId};
use utc_time::UtcTime;

/// What arrives, from a source's decoder to the parcel in which it is sent. The intake encodes a post; from then on,
/// `P` is a [`posts::envelope::EncodedPost`].
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival<P = Box<Sent>> {
    /// A post: a new one, or an edited version.
    Post(P),
    /// The author has removed this post.
    Removed(PostId),
}

impl Arrival {
    /// When the post was written; `None` for a removal.
    #[must_use]
    pub fn made(&self) -> Option<UtcTime> {
        match self {
            Self::Post(post) => Some(post.head.created),
            Self::Removed(_) => None,
        }
    }
}

/// An item of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A keep-alive.
    Alive,
    /// Something has arrived for these keywords. If a source does not say which keywords a removed post had, these are all
    /// requested keywords.
    Arrived(Arrival, BTreeSet<Keyword>),
    /// The source announces that it ends the stream, with its reason.
    Ended(String),
}
