//! What a line of the stream says.

use std::borrow::Cow;

use place::{Country, CountrySource};
use posts::post::{Reference, ReferenceKind};
use posts::{Post, PostId};
use serde_json_borrow::Value;
use utc_time::UtcTime;

use super::snowflake::made_at;

/// What a line of the stream says. Fields may be missing, new or of another type than documented:
/// only an id and a text are asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// A post, and the rules that it matched.
    Post(Box<Post>, Vec<Matched>),
    /// X's own word that it ends the connection, as its title.
    Error(String),
    /// Not JSON, or a post without an id or a text.
    Malformed(&'static str),
    /// A kind of message that did not exist when this was written.
    Unknown,
}

/// A rule that a post matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) id: String,
    pub(crate) tag: Option<String>,
}

/// Reads a line.
pub(crate) fn read_message(line: &[u8]) -> Message {
    let Ok(message) = serde_json::from_slice::<Value>(line) else { return Message::Malformed("not JSON") };
    if message.get("data").is_object() {
        return match post(message.get("data"), message.get("includes")) {
            Ok(post) => Message::Post(Box::new(post), matched(&message)),
            Err(what) => Message::Malformed(what),
        };
    }
    // Beside `data`, errors tell of parts that X could not add; alone, they end the connection.
    match items(message.get("errors")).next() {
        Some(error) => {
            Message::Error(error.get("title").as_str().unwrap_or("error without a title").to_owned())
        }
        None => Message::Unknown,
    }
}

fn matched(message: &Value<'_>) -> Vec<Matched> {
    items(message.get("matching_rules"))
        .filter_map(|rule| {
            let tag = rule.get("tag").as_str().filter(|tag| !tag.is_empty()).map(str::to_owned);
            Some(Matched { id: id_text(rule.get("id"))?.into_owned(), tag })
        })
        .collect()
}

/// Reads a post, and what stands beside it of what it refers to.
pub(crate) fn post(data: &Value, includes: &Value) -> Result<Post, &'static str> {
    let id: PostId = post_id(data.get("id")).ok_or("a post without an id")?;
    let text = text(data, includes).ok_or("a post without a text")?;
    let author_id = id_text(data.get("author_id"));
    let author = author_id.as_ref().and_then(|id| included(includes, &["users"], id));
    let author_text = |field: &str| author.and_then(|author| author.get(field).as_str()).map(str::to_owned);
    let in_place = id_text(data.get("geo").get("place_id"))
        .and_then(|id| included(includes, &["places"], &id))
        .and_then(|place| place.get("country_code").as_str())
        .and_then(Country::from_code)
        .map(|country| (country, CountrySource::Place));
    let by_profile = || {
        let location = author?.get("location").as_str()?;
        Country::from_location(location).map(|country| (country, CountrySource::Profile))
    };
    let (country, country_source) = in_place.or_else(by_profile).unzip();
    Ok(Post {
        create_date: create_date(&id, data.get("created_at")).ok_or("a post without a date")?,
        text,
        author_id: author_id.map(Cow::into_owned),
        author_name: author_text("name"),
        author_username: author_text("username"),
        country,
        country_source,
        language: data.get("lang").as_str().map(str::to_owned),
        conversation_id: post_id(data.get("conversation_id")),
        references: references(data),
        edit_of: items(data.get("edit_history_tweet_ids")).filter_map(post_id).rfind(|version| *version < id),
        edited_at: None,
        tweet_id: id,
    })
}

/// The whole text, also of long posts and of reposts, which X shortens.
fn text(data: &Value, includes: &Value) -> Option<String> {
    let whole = |post: &Value| {
        post.get("note_tweet").get("text").as_str().or_else(|| post.get("text").as_str()).map(str::to_owned)
    };
    let own = whole(data)?;
    let original = items(data.get("referenced_tweets"))
        .find(|reference| reference.get("type").as_str() == Some("retweeted"))
        .and_then(|reference| id_text(reference.get("id")))
        .and_then(|id| included(includes, &["tweets", "posts"], &id))
        .and_then(whole);
    match (own.split_once(": "), original) {
        (Some((frame, _)), Some(original)) if frame.starts_with("RT @") => {
            Some(format!("{frame}: {original}"))
        }
        _ => Some(own),
    }
}

fn references(data: &Value) -> Vec<Reference> {
    items(data.get("referenced_tweets"))
        .filter_map(|reference| {
            let kind = match reference.get("type").as_str()? {
                "retweeted" => ReferenceKind::Retweeted,
                "quoted" => ReferenceKind::Quoted,
                "replied_to" => ReferenceKind::RepliedTo,
                _ => return None,
            };
            Some(Reference { kind, tweet_id: post_id(reference.get("id"))? })
        })
        .collect()
}

/// When a post was made. X tells whole seconds; where its id agrees with that, the id's millisecond
/// is taken, so that posts of one second keep their order.
fn create_date(id: &PostId, created_at: &Value) -> Option<UtcTime> {
    let told = created_at.as_str().and_then(|text| text.parse::<UtcTime>().ok());
    match (told, made_at(id)) {
        (Some(told), Some(by_id)) if told.as_millis() / 1000 == by_id.as_millis() / 1000 => Some(by_id),
        (told, by_id) => told.or(by_id),
    }
}

fn included<'a>(includes: &'a Value<'a>, lists: &[&'static str], id: &str) -> Option<&'a Value<'a>> {
    lists
        .iter()
        .flat_map(|list| items(includes.get(*list)))
        .find(|item| id_text(item.get("id")).as_deref() == Some(id))
}

fn items<'a>(list: &'a Value<'a>) -> impl DoubleEndedIterator<Item = &'a Value<'a>> {
    list.as_array().unwrap_or_default().iter()
}

/// An id, be it a text or a number.
fn id_text<'a>(value: &'a Value<'_>) -> Option<Cow<'a, str>> {
    match value {
        Value::Str(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

fn post_id(value: &Value) -> Option<PostId> {
    id_text(value)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(message: &Value) -> Message {
        read_message(message.to_string().as_bytes())
    }

    fn post_of(message: &Value) -> Post {
        match read(message) {
            Message::Post(post, _) => *post,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_a_post_needs_is_read() {
        let post = post_of(&json!({
            "data": {
                "id": "1440716895355764743", "text": "cut…", "note_tweet": {"text": "the whole"},
                "created_at": "2021-09-22T16:37:29.000Z", "author_id": "7", "lang": "lt",
                "geo": {"place_id": "p"}, "edit_history_tweet_ids": ["1440716895355764740", "1440716895355764743"],
                "referenced_tweets": [{"type": "quoted", "id": "2"}, {"type": "new kind", "id": "3"}],
            },
            "includes": {
                "users": [{"id": "7", "name": "Jonas", "username": "jonas", "location": "Paris, France"}],
                "places": [{"id": "p", "country_code": "LT"}],
            },
            "errors": [{"title": "Not Found Error"}],
        }));
        assert_eq!(post.text, "the whole");
        assert_eq!(post.create_date.to_string(), "2021-09-22T16:37:29.735Z");
        assert_eq!(post.country.map(|country| country.as_str()), Some("LT"));
        assert_eq!(post.country_source, Some(CountrySource::Place));
        assert_eq!(post.author_username.as_deref(), Some("jonas"));
        assert_eq!(post.edit_of.unwrap().as_str(), "1440716895355764740");
        assert_eq!(post.references.len(), 1);
    }

    #[test]
    fn a_repost_holds_the_whole_original() {
        let post = post_of(&json!({
            "data": {"id": 5, "text": "RT @a: begin…", "created_at": "2026-11-23T10:00:00Z",
                     "referenced_tweets": [{"type": "retweeted", "id": 4}]},
            "includes": {"tweets": [{"id": "4", "text": "begin and: end"}]},
        }));
        assert_eq!(post.text, "RT @a: begin and: end");
    }

    #[test]
    fn nulls_and_other_types_harm_only_their_own_field() {
        let message = json!({
            "data": {"id": "5", "text": "t", "created_at": null, "author_id": null, "lang": 3, "geo": null,
                     "referenced_tweets": null, "edit_history_tweet_ids": "x"},
            "includes": [], "matching_rules": [{"id": 9, "tag": null}, {"id": "8", "tag": ""}, {"tag": "no id"}, null],
        });
        let Message::Post(post, matched) = read(&message) else { panic!() };
        assert_eq!(post.language, None);
        assert_eq!(
            matched.iter().map(|rule| (rule.id.as_str(), rule.tag.as_deref())).collect::<Vec<_>>(),
            [("9", None), ("8", None)]
        );
    }

    #[test]
    fn what_is_no_post_says_what_it_is() {
        let disconnect = json!({"errors": [{"title": "operational-disconnect"}]});
        assert_eq!(read(&disconnect), Message::Error("operational-disconnect".to_owned()));
        assert_eq!(read(&json!({"notice": {}})), Message::Unknown);
        assert_eq!(read(&json!({"data": {"text": "t"}})), Message::Malformed("a post without an id"));
        assert_eq!(read(&json!({"data": {"id": "5"}})), Message::Malformed("a post without a text"));
        assert_eq!(read_message(b"<html>"), Message::Malformed("not JSON"));
        assert_eq!(read_message(b"\xff{"), Message::Malformed("not JSON"));
    }
}
