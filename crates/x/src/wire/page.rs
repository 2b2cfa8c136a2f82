//! Pages of search.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::post::Post;
use crate::lenient;

/// A page of search results. Its posts are still JSON, so that each can be kept as X sent it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SearchPage<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    includes: Option<&'a RawValue>,
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

/// The lists of included objects of a page, by their names; in each, the JSON of an object by its id or key.
type Included<'a> = BTreeMap<&'a str, HashMap<Cow<'a, str>, &'a RawValue>>;

/// What an included object is known by.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Key<'a> {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::id")]
    media_key: Option<Cow<'a, str>>,
}

impl<'a> SearchPage<'a> {
    /// The posts, newest first, each with the objects that it refers to: a line of the stream, but for the rules that it matched.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        let included = self.included();
        list(self.data).into_iter().map(|post| message(post, &included)).collect()
    }

    fn included(&self) -> Included<'a> {
        let lists: BTreeMap<&'a str, &'a RawValue> =
            self.includes.and_then(|lists| serde_json::from_str(lists.get()).ok()).unwrap_or_default();
        let keyed = |object: &'a RawValue| {
            let Key { id, media_key } = serde_json::from_str(object.get()).ok()?;
            Some((media_key.or(id)?, object))
        };
        lists
            .into_iter()
            .map(|(name, objects)| (name, list(Some(objects)).into_iter().filter_map(keyed).collect()))
            .collect()
    }
}

/// The elements of a list; none if it is something else.
fn list(json: Option<&RawValue>) -> Vec<&RawValue> {
    json.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default()
}

/// A post with the objects that it refers to.
fn message(json: &RawValue, included: &Included<'_>) -> String {
    let post: Post<'_> = serde_json::from_str(json.get()).unwrap_or_default();
    let mut objects: Vec<(&str, Vec<&RawValue>)> = Vec::new();
    let mut media: Vec<Cow<'_, str>> = keys(&post);
    for (name, list) in included {
        if let "tweets" | "posts" = *name {
            let ids = post.referenced_posts().iter().filter_map(|referenced| referenced.id.as_ref());
            let referenced: Vec<&RawValue> = ids.filter_map(|id| list.get(id).copied()).collect();
            for other in &referenced {
                media.extend(keys(&serde_json::from_str(other.get()).unwrap_or_default()));
            }
            objects.push((name, referenced));
        }
    }
    for (name, list) in included {
        let keys: Vec<&Cow<'_, str>> = match *name {
            "users" => post.author_id.iter().collect(),
            "places" => post.geo.iter().filter_map(|geo| geo.place_id.as_ref()).collect(),
            "media" => media.iter().collect(),
            _ => continue,
        };
        objects.push((name, keys.into_iter().filter_map(|key| list.get(key).copied()).collect()));
    }
    let lists = objects.iter().filter(|(_, objects)| !objects.is_empty()).map(|(name, objects)| {
        let objects: Vec<&str> = objects.iter().map(|object| object.get()).collect();
        format!(r#""{name}":[{}]"#, objects.join(","))
    });
    let includes = lists.collect::<Vec<_>>().join(",");
    format!(r#"{{"data":{},"includes":{{{includes}}}}}"#, json.get())
}

/// The keys of a post's photos and videos.
fn keys<'a>(post: &Post<'a>) -> Vec<Cow<'a, str>> {
    post.attachments.iter().flat_map(|attachments| attachments.media_keys.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn messages(page: &Value) -> Vec<Value> {
        let text = page.to_string();
        let page: SearchPage<'_> = serde_json::from_str(&text).unwrap();
        page.messages().iter().map(|message| serde_json::from_str(message).unwrap()).collect()
    }

    #[test]
    fn each_post_comes_with_the_objects_that_it_refers_to_and_no_others() {
        let [ada, bob] = ["7", "8"].map(|id| json!({ "id": id, "name": "N" }));
        let place = json!({ "id": "p", "country_code": "LT" });
        let [photo, video] = ["3_1", "7_1"].map(|key| json!({ "media_key": key, "type": "photo" }));
        let original = json!({ "id": "1", "text": "o", "attachments": { "media_keys": ["7_1"] } });
        let plain = json!({ "id": "3", "author_id": 8, "new": { "a": [1.50] } });
        let quote = json!({
            "id": "2", "author_id": "7", "geo": { "place_id": "p" }, "attachments": { "media_keys": ["3_1", "none"] },
            "referenced_posts": [{ "type": "quoted", "id": "1" }, { "type": "quoted", "id": "unknown" }],
        });
        let page = json!({
            "data": [plain, quote, 5],
            "includes": {
                "users": [ada, bob], "places": [place], "media": [photo, video, { "type": "keyless" }], "posts": [original],
                "topics": [{ "id": "t" }],
            },
            "meta": { "next_token": "n" },
        });
        let whole =
            json!({ "users": [ada], "places": [place], "media": [photo, video], "posts": [original] });
        let expected = [
            json!({ "data": plain, "includes": { "users": [bob] } }),
            json!({ "data": quote, "includes": whole }),
            json!({ "data": 5, "includes": {} }),
        ];
        assert_eq!(messages(&page), expected);
    }

    #[test]
    fn other_types_harm_only_their_own_part() {
        assert!(messages(&json!({ "data": {}, "includes": [] })).is_empty());
        assert!(messages(&json!({ "meta": 3 })).is_empty());
        let page =
            json!({ "data": [{ "id": "2", "author_id": "7" }], "includes": { "users": 3, "posts": [3] } });
        assert_eq!(messages(&page), [json!({ "data": { "id": "2", "author_id": "7" }, "includes": {} })]);
    }
}
