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
    #[serde(deserialize_with = "lenient::object")]
    includes: Option<IncludedPosts<'a>>,
}

/// The posts that X includes, under either of their names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct IncludedPosts<'a> {
    #[serde(borrow)]
    tweets: Option<&'a RawValue>,
    #[serde(borrow)]
    posts: Option<&'a RawValue>,
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

impl StreamHead<'_> {
    /// The line that this was read from, without the posts that its post quotes or replies to. Of a repost, the original stays. Where there is
    /// nothing to leave out, it is the same line.
    #[must_use]
    pub fn without_others<'l>(&self, line: &'l str) -> Cow<'l, str> {
        let (Some(post), Some(includes)) = (&self.data, &self.includes) else { return line.into() };
        if post.references().iter().all(ReferencedPost::is_reposted) {
            return line.into();
        }
        let reposted = post.references().iter().find(|reference| reference.is_reposted());
        let reposted = reposted.and_then(|reference| reference.id.as_deref());
        let mut lists: Vec<&str> =
            [includes.tweets, includes.posts].into_iter().flatten().map(RawValue::get).collect();
        lists.sort_by_key(|list| list.as_ptr());
        let mut left = String::new();
        let mut end = 0;
        for list in lists {
            // The list is a part of the line.
            let start = list.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
            let Some(before) = line.get(end..start) else { return line.into() };
            left.push_str(before);
            push_only(&mut left, list, reposted);
            end = start + list.len();
        }
        left.push_str(line.get(end..).unwrap_or_default());
        left.into()
    }
}

/// Writes a list with only the post that has this id.
fn push_only(out: &mut String, list: &str, id: Option<&str>) {
    let is_it = |post: &&RawValue| {
        let head: PostHead<'_> = serde_json::from_str(post.get()).unwrap_or_default();
        head.id.as_deref() == id
    };
    out.push('[');
    if id.is_some() {
        let posts: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
        out.push_str(posts.into_iter().find(is_it).map_or("", RawValue::get));
    }
    out.push(']');
}

impl<'a> PostHead<'a> {
    /// Whether it has a text.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.text.is_some_and(|text| text.get().starts_with('"'))
    }

    /// Whether it reposts another post.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        self.references().iter().any(ReferencedPost::is_reposted)
    }

    /// The posts that it reposts, quotes or replies to.
    fn references(&self) -> &[ReferencedPost<'a>] {
        named(&self.referenced_posts, &self.referenced_tweets)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(line: &str) -> String {
        serde_json::from_str::<StreamHead<'_>>(line).unwrap().without_others(line).into_owned()
    }

    #[test]
    fn the_original_of_a_repost_stays_and_the_posts_of_others_are_left_out() {
        let included = json!([{ "text": "a \"quoted\" ]" }, { "id": "2", "text": "[" }, 7, { "id": "3" }]);
        let line = |kind: &str, tweets: &serde_json::Value| {
            let references = json!([{ "type": kind, "id": "2" }, { "type": "quoted", "id": "3" }]);
            let users = json!([{ "id": "9" }]);
            format!(
                r#"{{ "includes": {{"posts" :{included}, "users":{users},"tweets": {tweets} }}, "data":{{"id":"5","text":"t","referenced_tweets":{references}}}}}"#
            )
        };
        let whole = line("retweeted", &included);
        let repost = left(&whole);
        let only = json!([{ "id": "2", "text": "[" }]).to_string();
        assert_eq!(repost, whole.replace(&included.to_string(), &only));
        assert_eq!(left(&repost), repost);
        for included in [json!([]), json!([{ "id": "3" }]), json!(null), json!(7), json!({})] {
            let whole = line("replied_to", &included);
            let left: serde_json::Value = serde_json::from_str(&left(&whole)).unwrap();
            let tweets = if included.is_null() { included } else { json!([]) };
            assert_eq!(left["includes"], json!({ "posts": [], "users": [{ "id": "9" }], "tweets": tweets }));
        }
    }

    #[test]
    fn a_line_with_nothing_to_leave_out_stays_as_it_is() {
        let repost = json!({
            "data": { "id": "5", "referenced_tweets": [{ "type": "retweeted", "id": "2" }] }, "includes": { "tweets": [{ "id": "2" }] },
        });
        let plain = json!({ "data": { "id": "5" }, "includes": { "tweets": [{ "id": "2" }] } });
        let reply =
            json!({ "data": { "id": "5", "referenced_tweets": [{ "type": "replied_to" }] }, "includes": {} });
        for line in [repost, plain, reply, json!({ "data": 3, "includes": [] })] {
            assert_eq!(left(&line.to_string()), line.to_string());
        }
        let (line, other) = (r#"{"data":{"referenced_tweets":[{}]},"includes":{"tweets":[{}]}}"#, "");
        let head: StreamHead<'_> = serde_json::from_str(line).unwrap();
        assert_eq!(head.without_others(other), other, "of another line");
    }
}
