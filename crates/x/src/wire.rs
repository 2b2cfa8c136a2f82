//! What X sends, as far as it is read. <https://docs.x.com/x-api/fundamentals/data-dictionary>
//!
//! Any field may be absent, and is read in either dialect (see [`crate::Dialect`]): where a field has two names, a method of the
//! newer name returns it. Texts without JSON escapes are borrowed from the input.

use std::borrow::Cow;

use serde::Deserialize;

use crate::lenient;

/// A line of the filtered stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// The post.
    #[serde(deserialize_with = "lenient::object")]
    pub data: Option<Post<'a>>,
    /// The objects that it refers to.
    #[serde(deserialize_with = "lenient::object")]
    pub includes: Option<Includes<'a>>,
    /// The rules that it matched.
    #[serde(deserialize_with = "lenient::objects")]
    pub matching_rules: Vec<MatchedRule<'a>>,
    /// Beside a post, the parts that X could not add; without a post, why X ends the connection.
    #[serde(deserialize_with = "lenient::objects")]
    pub errors: Vec<Problem<'a>>,
}

/// A page of search results.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SearchPage<'a> {
    /// The posts, newest first.
    #[serde(deserialize_with = "lenient::objects")]
    pub data: Vec<Post<'a>>,
    /// The objects that they refer to.
    #[serde(deserialize_with = "lenient::object")]
    pub includes: Option<Includes<'a>>,
    /// Data about the page.
    #[serde(deserialize_with = "lenient::object")]
    pub meta: Option<Meta<'a>>,
}

/// Data about a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Meta<'a> {
    /// The token of the next page; `None` on the last one.
    #[serde(deserialize_with = "lenient::text")]
    pub next_token: Option<Cow<'a, str>>,
}

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
    /// The post that began the conversation.
    #[serde(deserialize_with = "lenient::id")]
    pub conversation_id: Option<Cow<'a, str>>,
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
}

/// The place of a post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Geo<'a> {
    /// The id of the place, which is in [`Includes::places`].
    #[serde(deserialize_with = "lenient::id")]
    pub place_id: Option<Cow<'a, str>>,
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

/// The objects that posts refer to.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Includes<'a> {
    /// Authors.
    #[serde(deserialize_with = "lenient::objects")]
    pub users: Vec<User<'a>>,
    /// Places.
    #[serde(deserialize_with = "lenient::objects")]
    pub places: Vec<Place<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    tweets: Vec<Post<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    posts: Vec<Post<'a>>,
}

/// An author.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct User<'a> {
    /// Their id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// Their display name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    /// Their handle, without `@`.
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<Cow<'a, str>>,
    /// Where they say they are, in their own words.
    #[serde(deserialize_with = "lenient::text")]
    pub location: Option<Cow<'a, str>>,
}

/// A place.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Place<'a> {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// The ISO 3166-1 alpha-2 code of its country.
    #[serde(deserialize_with = "lenient::text")]
    pub country_code: Option<Cow<'a, str>>,
}

/// A rule that a post matched.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct MatchedRule<'a> {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// The tag that it was given; X sends an empty one if it was given none.
    #[serde(deserialize_with = "lenient::text")]
    pub tag: Option<Cow<'a, str>>,
}

/// X's description of a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Problem<'a> {
    /// The kind of failure, in words.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<Cow<'a, str>>,
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
}

/// The list that X sent, under either of its names.
fn named<'a, T>(newer: &'a [T], older: &'a [T]) -> &'a [T] {
    if newer.is_empty() { older } else { newer }
}

impl<'a> Includes<'a> {
    /// The author with this id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&User<'a>> {
        self.users.iter().find(|user| user.id.as_deref() == Some(id))
    }

    /// The place with this id.
    #[must_use]
    pub fn place(&self, id: &str) -> Option<&Place<'a>> {
        self.places.iter().find(|place| place.id.as_deref() == Some(id))
    }

    /// The post with this id.
    #[must_use]
    pub fn post(&self, id: &str) -> Option<&Post<'a>> {
        self.tweets.iter().chain(&self.posts).find(|post| post.id.as_deref() == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_read_under_either_name_and_under_both() {
        let older = json!({ "data": {
            "note_tweet": { "text": "whole" }, "referenced_tweets": [{ "type": "quoted", "id": "1" }],
            "edit_history_tweet_ids": ["2", "3"],
        }, "includes": { "tweets": [{ "id": "1", "text": "other" }] } });
        let newer = json!({ "data": {
            "note_post": { "text": "whole" }, "referenced_posts": [{ "type": "quoted", "id": "1" }],
            "edit_history_post_ids": ["2", "3"],
        }, "includes": { "posts": [{ "id": "1", "text": "other" }] } });
        let mut both = older.clone();
        for part in ["data", "includes"] {
            let fields = newer[part].as_object().unwrap().clone();
            both[part].as_object_mut().unwrap().extend(fields);
        }
        for message in [older, newer, both] {
            let text = message.to_string();
            let message: Message<'_> = serde_json::from_str(&text).unwrap();
            let (post, includes) = (message.data.unwrap(), message.includes.unwrap());
            assert_eq!(post.own_text(), Some("whole"), "{text}");
            assert_eq!(post.referenced_posts()[0].id.as_deref(), Some("1"), "{text}");
            assert_eq!(post.edit_history_post_ids(), ["2", "3"], "{text}");
            assert_eq!(includes.post("1").unwrap().own_text(), Some("other"), "{text}");
        }
    }
}
