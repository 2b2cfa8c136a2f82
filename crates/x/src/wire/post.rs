//! Posts.

use std::borrow::Cow;

use serde::Deserialize;

use super::entities::Entities;
use crate::lenient;

/// A post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Post<'a> {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// Its text, which X shortens in reposts, and if there is a [`Post::note_post`].
    #[serde(deserialize_with = "lenient::text")]
    pub text: Option<Cow<'a, str>>,
    /// What X recognises in [`Post::text`].
    #[serde(deserialize_with = "lenient::object")]
    pub entities: Option<Entities<'a>>,
    #[serde(deserialize_with = "lenient::object")]
    note_tweet: Option<NotePost<'a>>,
    #[serde(deserialize_with = "lenient::object")]
    note_post: Option<NotePost<'a>>,
    /// When it was written, to the second.
    #[serde(deserialize_with = "lenient::text")]
    pub created_at: Option<Cow<'a, str>>,
    /// Its author.
    #[serde(deserialize_with = "lenient::id")]
    pub author_id: Option<Cow<'a, str>>,
    /// The language that X detected.
    #[serde(deserialize_with = "lenient::text")]
    pub lang: Option<Cow<'a, str>>,
    /// The place with which its author tagged it.
    #[serde(deserialize_with = "lenient::object")]
    pub geo: Option<Geo<'a>>,
    /// Its photos and videos.
    #[serde(deserialize_with = "lenient::object")]
    pub attachments: Option<Attachments<'a>>,
    /// The post that began the conversation.
    #[serde(deserialize_with = "lenient::id")]
    pub conversation_id: Option<Cow<'a, str>>,
    /// Counts of the post when X sent it.
    #[serde(deserialize_with = "lenient::object")]
    pub public_metrics: Option<PublicMetrics>,
    /// Whether its media may be sensitive.
    #[serde(deserialize_with = "lenient::flag")]
    pub possibly_sensitive: Option<bool>,
    /// Who may reply: `everyone`, `mentionedUsers`, `following`, `subscribers`, …
    #[serde(deserialize_with = "lenient::text")]
    pub reply_settings: Option<Cow<'a, str>>,
    /// Where it is withheld.
    #[serde(deserialize_with = "lenient::object")]
    pub withheld: Option<Withheld<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_tweets: Vec<ReferencedPost<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_posts: Vec<ReferencedPost<'a>>,
    #[serde(deserialize_with = "lenient::ids")]
    edit_history_tweet_ids: Vec<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::ids")]
    edit_history_post_ids: Vec<Cow<'a, str>>,
}

/// The whole text of a long post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct NotePost<'a> {
    /// The text.
    #[serde(deserialize_with = "lenient::text")]
    pub text: Option<Cow<'a, str>>,
    /// What X recognises in it.
    #[serde(deserialize_with = "lenient::object")]
    pub entities: Option<Entities<'a>>,
}

/// The place of a post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Geo<'a> {
    /// The id of the place, which is in [`super::Includes::places`].
    #[serde(deserialize_with = "lenient::id")]
    pub place_id: Option<Cow<'a, str>>,
}

/// What is attached to a post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Attachments<'a> {
    /// The keys of photos and videos, which are in [`super::Includes::media`].
    #[serde(deserialize_with = "lenient::ids")]
    pub media_keys: Vec<Cow<'a, str>>,
}

/// Counts of a post when X sent it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PublicMetrics {
    /// Likes.
    #[serde(deserialize_with = "lenient::count")]
    pub like_count: Option<u64>,
    /// Replies.
    #[serde(deserialize_with = "lenient::count")]
    pub reply_count: Option<u64>,
    /// Quotes.
    #[serde(deserialize_with = "lenient::count")]
    pub quote_count: Option<u64>,
    /// Bookmarks.
    #[serde(deserialize_with = "lenient::count")]
    pub bookmark_count: Option<u64>,
    /// How often it was shown.
    #[serde(deserialize_with = "lenient::count")]
    pub impression_count: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    retweet_count: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    repost_count: Option<u64>,
}

/// Where a post is withheld.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Withheld<'a> {
    /// The codes of countries; also `XX` and `XY`, which stand for all countries.
    #[serde(deserialize_with = "lenient::ids")]
    pub country_codes: Vec<Cow<'a, str>>,
}

/// A reference to another post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ReferencedPost<'a> {
    /// `retweeted`, `quoted` or `replied_to`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    /// The other post.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
}

impl ReferencedPost<'_> {
    /// Whether the post reposts it.
    pub(super) fn is_reposted(&self) -> bool {
        self.kind.as_deref() == Some("retweeted")
    }
}

impl<'a> Post<'a> {
    /// The whole text of a long post.
    #[must_use]
    pub fn note_post(&self) -> Option<&NotePost<'a>> {
        self.note_post.as_ref().or(self.note_tweet.as_ref())
    }

    /// The posts that it reposts, quotes or replies to.
    #[must_use]
    pub fn referenced_posts(&self) -> &[ReferencedPost<'a>] {
        named(&self.referenced_posts, &self.referenced_tweets)
    }

    /// The post that it reposts.
    #[must_use]
    pub fn reposted(&self) -> Option<&str> {
        self.referenced_posts().iter().find(|reference| reference.is_reposted())?.id.as_deref()
    }

    /// The ids of all its versions, earliest first.
    #[must_use]
    pub fn edit_history_post_ids(&self) -> &[Cow<'a, str>] {
        named(&self.edit_history_post_ids, &self.edit_history_tweet_ids)
    }

    /// The post's own text: whole, except for a repost's.
    #[must_use]
    pub fn own_text(&self) -> Option<&str> {
        let long = self.note_post().and_then(|note| note.text.as_deref());
        long.or(self.text.as_deref())
    }

    /// What X recognises in [`Post::own_text`].
    #[must_use]
    pub fn own_entities(&self) -> Option<&Entities<'a>> {
        match self.note_post() {
            Some(note) if note.text.is_some() => note.entities.as_ref(),
            _ => self.entities.as_ref(),
        }
    }
}

impl PublicMetrics {
    /// Reposts.
    #[must_use]
    pub fn reposts(&self) -> Option<u64> {
        self.repost_count.or(self.retweet_count)
    }
}

/// The list that X sent, under either of its names.
pub(super) fn named<'a, T>(newer: &'a [T], older: &'a [T]) -> &'a [T] {
    if newer.is_empty() { older } else { newer }
}
