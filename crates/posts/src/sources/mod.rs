//! What each source sends, and how it becomes a post.
//!
//! The streamer knows a post's [`Head`] and sends its JSON as it came, without the posts of others. The consumer reads it with [`Source::post`].
//! So nothing of the post itself is lost before it is stored, and what this version cannot read is still on the dead-letter queue for one that can.

pub mod mastodon;
mod sent;
pub mod x;

pub use sent::{Head, Sent};

use serde_json::value::RawValue;

use crate::Post;
use crate::post::Raw;
use utc_time::UtcTime;

/// A source of posts, by the form of its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// X: a line of its stream, or a post of its search in the same form.
    X,
    /// A Mastodon server: a status.
    Mastodon {
        /// The server's name.
        host: String,
    },
}

impl Source {
    /// Reads a post as this source sent it.
    ///
    /// # Errors
    /// What the JSON lacks.
    pub fn post(&self, json: &RawValue, read_at: Option<UtcTime>) -> Result<Post, &'static str> {
        let (post, raw) = match self {
            Self::X => (x::read_post(json.get())?, x::raw(json)),
            Self::Mastodon { host } => (mastodon::read_post(json.get(), host)?, Raw::new(json)),
        };
        Ok(Post { read_at, raw: Some(raw), ..post })
    }
}
