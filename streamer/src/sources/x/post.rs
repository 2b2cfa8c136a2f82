//! From X's post to a post as it is stored.

use std::borrow::Cow;

use ::x::snowflake::made_at;
use ::x::wire;
use place::{Country, CountrySource};
use posts::post::{Reference, ReferenceKind};
use posts::{Post, PostId};
use utc_time::UtcTime;

/// Makes a post from X's data and the objects that X includes with it.
///
/// # Errors
/// What X's data lacks: an id, a text, or any sign of when the post was written.
pub(crate) fn post(
    data: &wire::Post<'_>,
    includes: Option<&wire::Includes<'_>>,
) -> Result<Post, &'static str> {
    let id = post_id(data.id.as_ref()).ok_or("a post without an id")?;
    let text = whole_text(data, includes).ok_or("a post without a text")?;
    let author = data.author_id.as_deref().and_then(|id| includes?.user(id));
    let in_place = || {
        let id = data.geo.as_ref()?.place_id.as_deref()?;
        let code = includes?.place(id)?.country_code.as_deref()?;
        Some((Country::from_code(code)?, CountrySource::Place))
    };
    let by_profile = || Some((place::country_in(author?.location.as_deref()?)?, CountrySource::Profile));
    let (country, country_source) = in_place().or_else(by_profile).unzip();
    Ok(Post {
        create_date: made(&id, data.created_at.as_deref()).ok_or("a post without a date")?,
        text,
        author_id: owned(data.author_id.as_ref()),
        author_name: author.and_then(|author| owned(author.name.as_ref())),
        author_username: author.and_then(|author| owned(author.username.as_ref())),
        country,
        country_source,
        language: owned(data.lang.as_ref()),
        conversation_id: post_id(data.conversation_id.as_ref()),
        references: data.referenced_posts().iter().filter_map(reference).collect(),
        edit_of: data
            .edit_history_post_ids()
            .iter()
            .filter_map(|version| post_id(Some(version)))
            .rfind(|version| *version < id),
        edited_at: None,
        tweet_id: id,
    })
}

/// The whole text, also of long posts and reposts, which X shortens.
fn whole_text(data: &wire::Post<'_>, includes: Option<&wire::Includes<'_>>) -> Option<String> {
    let own = data.own_text()?;
    let original = || {
        let is_repost =
            |reference: &&wire::ReferencedPost<'_>| reference.kind.as_deref() == Some("retweeted");
        let id = data.referenced_posts().iter().find(is_repost)?.id.as_deref()?;
        includes?.post(id)?.own_text()
    };
    if let Some((frame, _)) = own.split_once(": ")
        && frame.starts_with("RT @")
        && let Some(original) = original()
    {
        return Some(format!("{frame}: {original}"));
    }
    Some(own.to_owned())
}

fn reference(reference: &wire::ReferencedPost<'_>) -> Option<Reference> {
    let kind = match reference.kind.as_deref()? {
        "retweeted" => ReferenceKind::Retweeted,
        "quoted" => ReferenceKind::Quoted,
        "replied_to" => ReferenceKind::RepliedTo,
        _ => return None,
    };
    Some(Reference { kind, tweet_id: post_id(reference.id.as_ref())? })
}

/// When a post was written. X reports whole seconds. If the post's id agrees, the id's millisecond is taken, so that posts of
/// one second keep their order.
fn made(id: &PostId, created_at: Option<&str>) -> Option<UtcTime> {
    let told = created_at.and_then(|text| text.parse::<UtcTime>().ok());
    match (told, made_at(id.as_str())) {
        (Some(told), Some(by_id)) if told.as_millis() / 1000 == by_id.as_millis() / 1000 => Some(by_id),
        (told, by_id) => told.or(by_id),
    }
}

fn post_id(id: Option<&Cow<'_, str>>) -> Option<PostId> {
    id?.parse().ok()
}

fn owned(text: Option<&Cow<'_, str>>) -> Option<String> {
    text.map(|text| text.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn post_of(message: &Value) -> Post {
        let text = message.to_string();
        let message: wire::Message<'_> = serde_json::from_str(&text).unwrap();
        post(&message.data.unwrap(), message.includes.as_ref()).unwrap()
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
    fn what_lacks_something_says_what() {
        let lacks = |data: Value| {
            let text = data.to_string();
            post(&serde_json::from_str(&text).unwrap(), None).unwrap_err()
        };
        assert_eq!(lacks(json!({"text": "t"})), "a post without an id");
        assert_eq!(lacks(json!({"id": "no id!", "text": "t"})), "a post without an id");
        assert_eq!(lacks(json!({"id": "5"})), "a post without a text");
        assert_eq!(lacks(json!({"id": "a:5", "text": "t"})), "a post without a date");
    }
}
