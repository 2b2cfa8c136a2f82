//! What arrives from a source.

use std::collections::BTreeSet;

use posts::{Keyword, Post, PostId};
use utc_time::UtcTime;

/// What arrives, from a source's decoder to the parcel in which it is sent. The intake encodes a post: from there on,
/// `P` is a [`posts::envelope::EncodedPost`].
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival<P = Box<Post>> {
    /// A post, be it new or a changed version of one.
    Post(P),
    /// Its author has taken a post back.
    Removed(PostId),
}

impl Arrival {
    /// When the post was made; none of what was taken back.
    #[must_use]
    pub fn made(&self) -> Option<UtcTime> {
        match self {
            Self::Post(post) => Some(post.create_date),
            Self::Removed(_) => None,
        }
    }
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// It is alive and has nothing else to say.
    Alive,
    /// Something has arrived for these keywords. Where a source does not say for which keywords a post was taken back,
    /// these are all that are requested.
    Arrived(Arrival, BTreeSet<Keyword>),
    /// The source announces that it ends the stream, and why.
    Ended(String),
}
