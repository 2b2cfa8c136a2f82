//! What a line of the stream says.

use posts::{Country, CountrySource, Post, PostId, Reference, ReferenceKind, UtcTime};
use serde_json::Value;

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
    if message["data"].is_object() {
        return match post(&message["data"], &message["includes"]) {
            Ok(post) => Message::Post(Box::new(post), matched(&message)),
            Err(what) => Message::Malformed(what),
        };
    }
    // Beside `data`, errors tell of parts that X could not add; alone, they end the connection.
    match message["errors"].as_array().and_then(|errors| errors.first()) {
        Some(error) => Message::Error(error["title"].as_str().unwrap_or("error without a title").to_owned()),
        None => Message::Unknown,
    }
}

fn matched(message: &Value) -> Vec<Matched> {
    items(&message["matching_rules"])
        .filter_map(|rule| {
            let tag = rule["tag"].as_str().filter(|tag| !tag.is_empty()).map(str::to_owned);
            Some(Matched { id: id_text(&rule["id"])?, tag })
        })
        .collect()
}

/// Reads a post, and what stands beside it of what it refers to.
pub(crate) fn post(data: &Value, includes: &Value) -> Result<Post, &'static str> {
    let id: PostId = post_id(&data["id"]).ok_or("a post without an id")?;
    let text = text(data, includes).ok_or("a post without a text")?;
    let author_id = id_text(&data["author_id"]);
    let author = author_id.as_ref().and_then(|id| included(includes, &["users"], id));
    let author_text = |field: &str| author.and_then(|author| author[field].as_str()).map(str::to_owned);
    let in_place = id_text(&data["geo"]["place_id"])
        .and_then(|id| included(includes, &["places"], &id))
        .and_then(|place| place["country_code"].as_str())
        .and_then(Country::from_code)
        .map(|country| (country, CountrySource::Place));
    let by_profile = || {
        let location = author?["location"].as_str()?;
        Country::from_location(location).map(|country| (country, CountrySource::Profile))
    };
    let (country, country_source) = in_place.or_else(by_profile).unzip();
    Ok(Post {
        create_date: create_date(&id, &data["created_at"]).ok_or("a post without a date")?,
        text,
        author_id,
        author_name: author_text("name"),
        author_username: author_text("username"),
        country,
        country_source,
        language: data["lang"].as_str().map(str::to_owned),
        conversation_id: post_id(&data["conversation_id"]),
        references: references(data),
        edit_of: items(&data["edit_history_tweet_ids"]).filter_map(post_id).rfind(|version| *version < id),
        edited_at: None,
        tweet_id: id,
    })
}

/// The whole text, also of long posts and of reposts, which X shortens.
fn text(data: &Value, includes: &Value) -> Option<String> {
    let whole = |post: &Value| {
        post["note_tweet"]["text"].as_str().or_else(|| post["text"].as_str()).map(str::to_owned)
    };
    let own = whole(data)?;
    let original = items(&data["referenced_tweets"])
        .find(|reference| reference["type"] == "retweeted")
        .and_then(|reference| id_text(&reference["id"]))
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
    items(&data["referenced_tweets"])
        .filter_map(|reference| {
            let kind = match reference["type"].as_str()? {
                "retweeted" => ReferenceKind::Retweeted,
                "quoted" => ReferenceKind::Quoted,
                "replied_to" => ReferenceKind::RepliedTo,
                _ => return None,
            };
            Some(Reference { kind, tweet_id: post_id(&reference["id"])? })
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

fn included<'a>(includes: &'a Value, lists: &[&str], id: &str) -> Option<&'a Value> {
    lists
        .iter()
        .flat_map(|list| items(&includes[list]))
        .find(|item| id_text(&item["id"]).as_deref() == Some(id))
}

fn items(list: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// An id, be it a text or a number.
fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn post_id(value: &Value) -> Option<PostId> {
    id_text(value)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
