//! What an answer shows of a post: the fields and objects that were requested, in the words that X uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::description::{Asked, Spelling};

/// What a request wants to see of posts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The words of the answer.
    spelling: Spelling,
    /// The requested fields of each kind of object, in the older words.
    fields: BTreeMap<&'static str, BTreeSet<String>>,
    expansions: BTreeSet<String>,
}

/// A list of included objects: the parameter with their fields, and the fields that they have anyway.
/// <https://docs.x.com/x-api/fundamentals/fields>
const LISTS: &[(&str, &str, &[&str])] = &[
    ("users", "user.fields", &["id", "name", "username"]),
    ("places", "place.fields", &["full_name", "id"]),
    ("media", "media.fields", &["media_key", "type"]),
    ("tweets", "tweet.fields", &["edit_history_tweet_ids", "id", "text"]),
];

/// An expansion, in the older words: the field of a post that it adds beside the included objects, and how it finds these.
const EXPANSIONS: &[(&str, &str, Find)] = &[
    ("author_id", "author_id", |_, data| ids("users", "id", [&data["author_id"]])),
    ("in_reply_to_user_id", "in_reply_to_user_id", |_, data| {
        ids("users", "id", [&data["in_reply_to_user_id"]])
    }),
    ("entities.mentions.username", "entities", |_, data| {
        ids("users", "username", list(&data["entities"]["mentions"]).map(|mention| &mention["username"]))
    }),
    ("geo.place_id", "geo", |_, data| ids("places", "id", [&data["geo"]["place_id"]])),
    ("attachments.media_keys", "attachments", |_, data| {
        ids("media", "media_key", list(&data["attachments"]["media_keys"]))
    }),
    ("edit_history_tweet_ids", "edit_history_tweet_ids", |_, data| {
        ids("tweets", "id", list(&data["edit_history_tweet_ids"]).filter(|id| **id != data["id"]))
    }),
    ("referenced_tweets.id", "referenced_tweets", |_, data| {
        ids("tweets", "id", list(&data["referenced_tweets"]).map(|reference| &reference["id"]))
    }),
    ("referenced_tweets.id.author_id", "referenced_tweets", |post, data| {
        ids("users", "id", referenced(post, data).map(|post| &post["author_id"]))
    }),
    ("referenced_tweets.id.attachments.media_keys", "referenced_tweets", |post, data| {
        let keys = referenced(post, data).flat_map(|post| list(&post["attachments"]["media_keys"]));
        ids("media", "media_key", keys)
    }),
];

/// The included objects that an expansion selects from a post and its data.
type Find = for<'a> fn(&'a Value, &'a Value) -> Selected<'a>;

/// A list of included objects, the field that tells them apart, and that field of those that are selected.
type Selected<'a> = (&'static str, &'static str, Vec<&'a Value>);

fn ids<'a>(list: &'static str, key: &'static str, ids: impl IntoIterator<Item = &'a Value>) -> Selected<'a> {
    (list, key, ids.into_iter().collect())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The posts that a post refers to, as far as they are included.
fn referenced<'a>(post: &'a Value, data: &'a Value) -> impl Iterator<Item = &'a Value> {
    let is_referenced = move |other: &&Value| {
        list(&data["referenced_tweets"]).any(|reference| reference["id"] == other["id"])
    };
    list(&post["includes"]["tweets"]).filter(is_referenced)
}

/// The fields that have another name in the newer words, wherever they stand.
const RENAMED: &[(&str, &str)] = &[
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("most_recent_tweet_id", "most_recent_post_id"),
    ("note_tweet", "note_post"),
    ("pinned_tweet_id", "pinned_post_id"),
    ("referenced_tweets", "referenced_posts"),
    ("referenced_tweets.id", "referenced_posts"),
    ("retweet_count", "repost_count"),
    ("total_tweet_count", "total_post_count"),
    ("tweet.fields", "post.fields"),
    ("tweet_count", "post_count"),
    ("tweets", "posts"),
];

/// A name in the older words.
fn in_older_words(name: &str) -> &str {
    RENAMED.iter().find(|(_, newer)| *newer == name).map_or(name, |(older, _)| older)
}

/// The same JSON in these words; it is in the older ones.
pub(crate) fn spelled(value: Value, spelling: Spelling) -> Value {
    match value {
        _ if spelling == Spelling::Tweets => value,
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| {
                let newer = RENAMED.iter().find(|(older, _)| *older == name);
                (newer.map_or(name, |(_, newer)| (*newer).to_owned()), spelled(value, spelling))
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(|item| spelled(item, spelling)).collect(),
        value => value,
    }
}

impl Wanted {
    /// What this request wants, to be answered in `spelling`.
    pub(crate) fn new(asked: &Asked, spelling: Spelling) -> Self {
        let fields = LISTS.iter().map(|(list, parameter, always)| {
            let newer = spelled(json!({ *parameter: 0 }), asked.spelling);
            let named = newer.as_object().and_then(|object| object.keys().next().cloned());
            // The stream's parameters are spelled in the older words, whatever search takes.
            let names = named.iter().map(String::as_str).chain([*parameter]).collect::<BTreeSet<_>>();
            let words = names.into_iter().flat_map(|name| asked.words(name)).map(in_older_words);
            (*list, words.chain(always.iter().copied()).map(str::to_owned).collect())
        });
        Self {
            spelling,
            fields: fields.collect(),
            expansions: asked.words("expansions").map(|word| in_older_expansion(word).to_owned()).collect(),
        }
    }

    /// What is shown of a post (`{"data": …, "includes": …}`): its data, and the lists of objects that it refers to.
    pub(crate) fn shown(&self, post: &Value) -> (Value, Map<String, Value>) {
        let whole = &post["data"];
        let mut shown: BTreeSet<&str> = self.fields["tweets"].iter().map(String::as_str).collect();
        let mut included: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for (name, field, find) in EXPANSIONS.iter().filter(|(name, ..)| self.expansions.contains(*name)) {
            // The author of another post is no field of this one.
            if !name.starts_with("referenced_tweets.id.") {
                shown.insert(field);
            }
            let (list_name, key, selected) = find(post, whole);
            let objects =
                list(&post["includes"][list_name]).filter(|object| selected.contains(&&object[key]));
            let chosen = included.entry(list_name).or_default();
            objects.for_each(|object| {
                if !chosen.contains(&object) {
                    chosen.push(object);
                }
            });
        }
        let data = only(whole, |name| shown.contains(name));
        let includes =
            included.into_iter().filter(|(_, objects)| !objects.is_empty()).map(|(name, objects)| {
                let fields = &self.fields[name];
                let objects = objects.into_iter().map(|object| only(object, |name| fields.contains(name)));
                let newer = spelled(json!({ name: objects.collect::<Value>() }), self.spelling);
                match newer {
                    Value::Object(object) => object.into_iter().next().unwrap_or_default(),
                    _ => Default::default(),
                }
            });
        (spelled(data, self.spelling), includes.collect())
    }
}

/// An expansion in the older words. `referenced_posts` names both a field and an expansion.
fn in_older_expansion(word: &str) -> &str {
    if word == "referenced_posts" { "referenced_tweets.id" } else { in_older_words(word) }
}

/// The fields of an object that are shown.
fn only(object: &Value, is_shown: impl Fn(&str) -> bool) -> Value {
    let fields = object.as_object().into_iter().flatten();
    let shown = fields.filter(|(name, _)| is_shown(name));
    shown.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> Value {
        json!({
            "data": {
                "id": "2", "text": "RT", "author_id": "7", "lang": "en", "geo": { "place_id": "p" },
                "edit_history_tweet_ids": ["2"], "referenced_tweets": [{ "type": "retweeted", "id": "1" }],
            },
            "includes": {
                "users": [
                    { "id": "7", "name": "N", "username": "n", "location": "L" },
                    { "id": "8", "name": "O", "username": "o", "location": "M" },
                ],
                "places": [{ "id": "p", "full_name": "P", "country_code": "LT" }],
                "tweets": [{ "id": "1", "text": "whole", "author_id": "8", "lang": "en", "note_tweet": { "text": "w" } }],
            },
        })
    }

    fn shown(values: &[(&'static str, &str)], asked: Spelling, answered: Spelling) -> (Value, Value) {
        let values = values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let asked = Asked { spelling: asked, values, body: Value::Null };
        let (data, includes) = Wanted::new(&asked, answered).shown(&post());
        (data, includes.into())
    }

    #[test]
    fn without_a_wish_a_post_is_its_id_and_text() {
        let (data, includes) = shown(&[], Spelling::Posts, Spelling::Tweets);
        assert_eq!(data, json!({ "id": "2", "text": "RT", "edit_history_tweet_ids": ["2"] }));
        assert_eq!(includes, json!({}));
    }

    #[test]
    fn both_spellings_show_the_same_in_their_own_words() {
        let tweets = [
            ("tweet.fields", "lang,note_tweet,referenced_tweets"),
            ("expansions", "author_id,geo.place_id,referenced_tweets.id"),
            ("user.fields", "location"),
            ("place.fields", "country_code"),
        ];
        let posts = [
            ("post.fields", "lang,note_post"),
            ("expansions", "author_id,geo.place_id,referenced_posts,edit_history_post_ids"),
            ("user.fields", "location"),
            ("place.fields", "country_code"),
        ];
        let (data, includes) = shown(&tweets, Spelling::Tweets, Spelling::Tweets);
        assert_eq!(data, post()["data"]);
        assert_eq!(includes["users"], json!([post()["includes"]["users"][0]]), "its author alone");
        assert_eq!(
            includes["tweets"],
            json!([{ "id": "1", "text": "whole", "lang": "en", "note_tweet": { "text": "w" } }])
        );
        assert_eq!(includes["places"], post()["includes"]["places"]);
        let newer = shown(&posts, Spelling::Posts, Spelling::Posts);
        assert_eq!(
            newer,
            (spelled(data.clone(), Spelling::Posts), spelled(includes.clone(), Spelling::Posts))
        );
        assert_eq!(newer.0["referenced_posts"][0]["id"], "1");
        assert_eq!(newer.1["posts"][0]["note_post"]["text"], "w");
        assert_eq!(shown(&posts, Spelling::Posts, Spelling::Tweets), (data, includes), "crossed");
    }
}
