//! What must be known of a post before it is read as a whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::{MatchedRule, Problem};
use super::post::{Attachments, ReferencedPost, named};
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
    includes: Option<Included<'a>>,
}

/// What X includes with a post that may be of others: posts, under either of their names, and their photos and videos.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Included<'a> {
    #[serde(borrow)]
    tweets: Option<&'a RawValue>,
    #[serde(borrow)]
    posts: Option<&'a RawValue>,
    #[serde(borrow)]
    media: Option<&'a RawValue>,
}

/// What tells whether an object that X includes goes with a post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct IncludedHead<'a> {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::id")]
    media_key: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::object")]
    attachments: Option<Attachments<'a>>,
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
    #[serde(borrow)]
    attachments: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_tweets: Vec<ReferencedPost<'a>>,
    #[serde(deserialize_with = "lenient::objects")]
    referenced_posts: Vec<ReferencedPost<'a>>,
}

impl StreamHead<'_> {
    /// The line that this was read from, without the posts that its post quotes or replies to, and without their photos and videos. Of a repost,
    /// the original stays. Where there is nothing to leave out, it is the same line.
    #[must_use]
    pub fn without_others<'l>(&self, line: &'l str) -> Cow<'l, str> {
        let (Some(post), Some(included)) = (&self.data, &self.includes) else { return line.into() };
        if post.references().iter().all(ReferencedPost::is_reposted) {
            return line.into();
        }
        let reposted = post.references().iter().find(|reference| reference.is_reposted());
        let reposted = reposted.and_then(|reference| reference.id.as_deref());
        let original = [included.tweets, included.posts].into_iter().flatten().find_map(|posts| {
            let id = reposted?;
            heads(posts).into_iter().find(|post| post.id.as_deref() == Some(id))
        });
        let own: Option<Attachments<'_>> =
            post.attachments.and_then(|own| serde_json::from_str(own.get()).ok());
        let with_original = original.as_ref().and_then(|original| original.attachments.as_ref());
        let keys: Vec<&str> =
            own.iter().chain(with_original).flat_map(|with| &with.media_keys).map(Cow::as_ref).collect();
        let ids: Vec<&str> = reposted.into_iter().collect();

        let (tweets, posts, media) = (included.tweets, included.posts, included.media);
        let mut lists = [(tweets, &ids), (posts, &ids), (media, &keys)];
        lists.sort_by_key(|(list, _)| list.map(|list| list.get().as_ptr()));
        let mut left = String::with_capacity(line.len());
        let mut end = 0;
        for (list, names) in lists {
            let Some(list) = list else { continue };
            // The list is a part of the line.
            let start = list.get().as_ptr().addr().wrapping_sub(line.as_ptr().addr());
            let Some(before) = line.get(end..start) else { return line.into() };
            left.push_str(before);
            push_only(&mut left, list, names);
            end = start + list.get().len();
        }
        left.push_str(line.get(end..).unwrap_or_default());
        left.into()
    }
}

/// The objects of a list, read as far as is needed; none if it is no list.
fn heads(list: &RawValue) -> Vec<IncludedHead<'_>> {
    lenient::objects(&mut serde_json::Deserializer::from_str(list.get())).unwrap_or_default()
}

/// Writes a list with only the objects that have one of these names.
fn push_only(out: &mut String, list: &RawValue, names: &[&str]) {
    let is_kept = |object: &IncludedHead<'_>| object.name().is_some_and(|name| names.contains(&name));
    let heads = if names.is_empty() { Vec::new() } else { heads(list) };
    let kept = heads.iter().filter(|object| is_kept(object)).count();
    // Most often it is all or nothing.
    if kept > 0 && kept == heads.len() {
        return out.push_str(list.get());
    }
    out.push('[');
    if kept > 0 {
        let objects: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
        let kept = objects.into_iter().map(RawValue::get);
        let kept = kept.filter(|object| is_kept(&serde_json::from_str(object).unwrap_or_default()));
        out.push_str(&kept.collect::<Vec<_>>().join(","));
    }
    out.push(']');
}

impl IncludedHead<'_> {
    /// What posts refer to it by.
    fn name(&self) -> Option<&str> {
        self.media_key.as_deref().or(self.id.as_deref())
    }
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
    fn photos_stay_with_the_post_and_the_original_whose_they_are() {
        let media = |keys: &[&str]| -> Vec<serde_json::Value> {
            keys.iter().map(|key| json!({ "media_key": key, "alt_text": "[media]" })).collect()
        };
        let original = |id: &str, key: &str| json!({ "id": id, "attachments": { "media_keys": [key] } });
        let left_of = |references: serde_json::Value| -> serde_json::Value {
            let mut included = media(&["others", "own", "original's"]);
            // What is no object must not move the others.
            included.insert(0, json!(null));
            included.insert(2, json!(7));
            let line = json!({
                "data": { "id": "5", "attachments": { "media_keys": ["own"] }, "referenced_tweets": references },
                "includes": { "media": included, "tweets": [original("2", "original's"), original("3", "others")] },
            });
            serde_json::from_str(&left(&line.to_string())).unwrap()
        };
        let (repost, quote) =
            (json!({ "type": "retweeted", "id": "2" }), json!({ "type": "quoted", "id": "3" }));
        let both = left_of(json!([repost, quote]));
        assert_eq!(
            both["includes"],
            json!({ "media": media(&["own", "original's"]), "tweets": [original("2", "original's")] })
        );
        assert_eq!(left_of(json!([quote]))["includes"], json!({ "media": media(&["own"]), "tweets": [] }));
        assert_eq!(left_of(json!([repost]))["includes"]["media"].as_array().unwrap().len(), 5);
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
