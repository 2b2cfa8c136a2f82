//! Lines of the filtered stream.

use std::borrow::Cow;

use serde::Deserialize;

use super::media::Media;
use super::place::Place;
use super::post::Post;
use super::user::User;
use crate::lenient;

/// A post with the objects that it refers to, as a line of the filtered stream has them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// The post.
    #[serde(deserialize_with = "lenient::object")]
    pub data: Option<Post<'a>>,
    /// The objects that it refers to.
    #[serde(deserialize_with = "lenient::object")]
    pub includes: Option<Includes<'a>>,
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
    /// Photos and videos.
    #[serde(deserialize_with = "lenient::objects")]
    pub media: Vec<Media<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    tweets: Vec<Post<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    posts: Vec<Post<'a>>,
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

    /// The photo or video with this key.
    #[must_use]
    pub fn media(&self, key: &str) -> Option<&Media<'a>> {
        self.media.iter().find(|media| media.media_key.as_deref() == Some(key))
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
            "edit_history_tweet_ids": ["2", "3"], "public_metrics": { "retweet_count": 4 },
        }, "includes": { "tweets": [{ "id": "1", "text": "other" }] } });
        let newer = json!({ "data": {
            "note_post": { "text": "whole" }, "referenced_posts": [{ "type": "quoted", "id": "1" }],
            "edit_history_post_ids": ["2", "3"], "public_metrics": { "repost_count": 4 },
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
            assert_eq!(post.public_metrics.unwrap().reposts(), Some(4), "{text}");
            assert_eq!(includes.post("1").unwrap().own_text(), Some("other"), "{text}");
        }
    }
}
