//! What must be known of a post before it is read as a whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::{MatchedRule, Problem};
use super::post::{ReferencedPost, named};
use crate::lenient;

/// A line of the filtered stream, of whose post only the head is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct StreamHead<'a> {
    /// The post.
    #[serde(deserialize_with = "lenient::object")]
    pub data: Option<PostHead<'a>>,
    /// The rules that it matched.
    #[serde(deserialize_with = "lenient::objects")]
    pub matching_rules: Vec<MatchedRule<'a>>,
    /// Beside a post, the parts that X could not add; without a post, why X ends the connection.
    #[serde(deserialize_with = "lenient::objects")]
    pub errors: Vec<Problem<'a>>,
}

/// What must be known of a post before it is read as a whole. The fields are those of [`super::Post`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct PostHead<'a> {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// When it was written, to the second.
    #[serde(deserialize_with = "lenient::text")]
    pub created_at: Option<Cow<'a, str>>,
    /// Its author.
    #[serde(deserialize_with = "lenient::id")]
    pub author_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_tweets: Vec<ReferencedPost<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_posts: Vec<ReferencedPost<'a>>,
}

impl PostHead<'_> {
    /// Whether it has a text.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.text.is_some_and(|text| text.get().starts_with('"'))
    }

    /// Whether it reposts another post.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        let references = named(&self.referenced_posts, &self.referenced_tweets);
        references.iter().any(|reference| reference.kind.as_deref() == Some("retweeted"))
    }
}
