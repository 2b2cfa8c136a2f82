//! A post of X's: <https://docs.x.com/x-api/fundamentals/data-dictionary>.

mod entities;
mod media;

use std::borrow::Cow;

use ::x::snowflake::made_at;
use ::x::wire;
use place::{Country, CountrySource};
use serde_json::Value;
use serde_json::value::RawValue;
use utc_time::UtcTime;

use self::entities::{Span, add_entities, whole_text};
use self::media::add_media;
use super::Source;
use super::sent::{Head, Sent};
use crate::post::{Raw, Reference, ReferenceKind};
use crate::{Post, PostId};

/// A post of X's from a line of its stream, or from a page of search in the same form.
///
/// The posts that it quotes or replies to are left out: if their authors take them back, nothing would tell. Of a repost, the original stays, which
/// goes with it.
///
/// # Errors
/// What X's data lacks: an id, a text, or any sign of when the post was written.
pub fn sent(message: &wire::StreamHead<'_>, line: &str) -> Result<Sent, &'static str> {
    let head = head(message.data.as_ref().ok_or(NO_POST)?)?;
    Ok(Sent::new(head, Source::X, message.without_others(line).into_owned()))
}

fn head(post: &wire::PostHead<'_>) -> Result<Head, &'static str> {
    let id = post_id(post.id.as_ref()).ok_or(NO_ID)?;
    if !post.has_text() {
        return Err(NO_TEXT);
    }
    Ok(Head {
        created: made(&id, post.created_at.as_deref()).ok_or(NO_DATE)?,
        edited_at: None,
        author_id: owned(post.author_id.as_ref()),
        is_repost: post.is_repost(),
        id,
    })
}

/// What X sent of a post, without the place with which its author had tagged it.
#[must_use]
pub fn without_place(raw: &Raw) -> Raw {
    let Ok(mut message) = serde_json::from_str::<Value>(raw.as_str()) else { return raw.clone() };
    let geo = message["data"].as_object_mut().and_then(|data| data.remove("geo"));
    let places = message["includes"].as_object_mut().and_then(|includes| includes.remove("places"));
    // Without a place, it stays byte for byte as it was sent.
    if geo.is_none() && places.is_none() { raw.clone() } else { Raw::from(&message) }
}

/// What X sent of a post, to be kept: without the posts of others, also where the streamer of an earlier version sent them.
pub(super) fn raw(json: &RawValue) -> Raw {
    let head: wire::StreamHead<'_> = serde_json::from_str(json.get()).unwrap_or_default();
    match head.without_others(json.get()) {
        Cow::Borrowed(_) => Raw::new(json),
        Cow::Owned(left) => Raw::of_valid(left),
    }
}

const NO_POST: &str = "no post";
const NO_ID: &str = "a post without an id";
const NO_TEXT: &str = "a post without a text";
const NO_DATE: &str = "a post without a date";

/// Reads a line of the stream as a post.
///
/// # Errors
/// What it lacks.
pub(super) fn read_post(json: &str) -> Result<Post, &'static str> {
    let message: wire::Message<'_> = serde_json::from_str(json).map_err(|_| "not JSON")?;
    post(&message.data.ok_or(NO_POST)?, &message.includes.unwrap_or_default())
}

/// Makes a post from X's data and the objects that X includes with it.
fn post(data: &wire::Post<'_>, includes: &wire::Includes<'_>) -> Result<Post, &'static str> {
    let id = post_id(data.id.as_ref()).ok_or(NO_ID)?;
    let created = made(&id, data.created_at.as_deref()).ok_or(NO_DATE)?;
    let own_text = data.own_text().ok_or(NO_TEXT)?;
    let original = data.reposted().and_then(|id| includes.post(id));
    let text = whole_text(own_text, data.reposted().is_some(), original);
    let author = data.author_id.as_deref().and_then(|id| includes.user(id));
    let place = data.geo.as_ref().and_then(|geo| includes.place(geo.place_id.as_deref()?));
    let in_place = || Country::from_code(place?.country_code.as_deref()?);
    let by_profile = || place::place(author?.location.as_deref()?, data.lang.as_deref());
    let (country, country_source, country_how) = match (in_place(), by_profile()) {
        (Some(country), _) => (Some(country), Some(CountrySource::Place), None),
        (None, Some(placed)) => (Some(placed.country), Some(CountrySource::Profile), Some(placed.how)),
        (None, None) => (None, None, None),
    };
    let metrics = data.public_metrics.unwrap_or_default();
    let history = data.edit_history_post_ids().iter().filter_map(|version| post_id(Some(version)));
    let earlier: Vec<PostId> = history.filter(|version| *version < id).collect();
    let mut post = Post {
        url: Some(format!("https://x.com/i/status/{id}")),
        author_id: owned(data.author_id.as_ref()),
        author_name: author.and_then(|author| owned(author.name.as_ref())),
        author_username: author.and_then(|author| owned(author.username.as_ref())),
        author_picture: author.and_then(|author| owned(author.profile_image_url.as_ref())),
        author_verified: author.and_then(|author| owned(author.verified_type.as_ref())),
        author_followers: author.and_then(|author| author.public_metrics?.followers_count),
        author_location: author.and_then(|author| owned(author.location.as_ref())),
        place_name: place.and_then(|place| owned(place.full_name.as_ref())),
        country,
        country_source,
        country_how,
        language: owned(data.lang.as_ref()),
        conversation_id: post_id(data.conversation_id.as_ref()),
        references: data.referenced_posts().iter().filter_map(reference).collect(),
        edit_of: earlier.iter().max().cloned(),
        first_version: earlier.into_iter().min(),
        likes: metrics.like_count,
        reposts: metrics.reposts(),
        replies: metrics.reply_count,
        quotes: metrics.quote_count,
        bookmarks: metrics.bookmark_count,
        impressions: metrics.impression_count,
        possibly_sensitive: data.possibly_sensitive,
        withheld_in: data
            .withheld
            .iter()
            .flat_map(|withheld| withheld.country_codes.iter().map(|code| code.as_ref().to_owned()))
            .collect(),
        reply_settings: owned(data.reply_settings.as_ref()),
        ..Post::new(id, created, text.whole)
    };
    let mut left_out = add_media(&mut post, data, original, includes);
    let mut entities = |of: Option<&wire::Entities<'_>>, span: Span| {
        if let Some(entities) = of {
            left_out += add_entities(&mut post, entities, span);
        }
    };
    entities(data.own_entities(), text.own);
    if let Some(span) = text.original {
        entities(original.and_then(wire::Post::own_entities), span);
    }
    post.left_out = (left_out > 0).then_some(left_out);
    Ok(post)
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

fn text(text: Option<&Cow<'_, str>>) -> String {
    owned(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::post::MediaKind;

    fn post_of(message: &Value) -> Post {
        read_post(&message.to_string()).unwrap()
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
    fn a_repost_holds_the_whole_original_and_what_is_recognised_in_it() {
        let original = json!({
            "id": "4", "text": "ßegin 🦀 and: #end @b https://t.co/1", "attachments": {"media_keys": ["3_1"]},
            "entities": {
                "hashtags": [{"start": 13, "end": 17, "tag": "end"}], "mentions": [{"start": 18, "end": 20, "username": "b"}],
                "urls": [{"start": 21, "end": 35, "url": "https://t.co/1"}],
            },
        });
        let post = post_of(&json!({
            "data": {"id": 5, "text": "RT @a: ßegin 🦀…", "created_at": "2026-11-23T10:00:00Z",
                     "entities": {"mentions": [{"start": 3, "end": 5, "username": "a"}, {"start": 25, "end": 27, "username": "b"}]},
                     "referenced_tweets": [{"type": "retweeted", "id": 4}]},
            "includes": {"tweets": [original], "media": [{"media_key": "3_1", "type": "photo", "url": "https://p.example/1"}]},
        }));
        assert_eq!(post.text, "RT @a: ßegin 🦀 and: #end @b https://t.co/1");
        let at = |start: Option<u32>, end: Option<u32>| -> String {
            let (start, end) = (start.unwrap() as usize, end.unwrap() as usize);
            post.text.chars().skip(start).take(end - start).collect()
        };
        assert_eq!(post.hashtags.iter().map(|tag| at(tag.start, tag.end)).collect::<Vec<_>>(), ["#end"]);
        assert_eq!(
            post.mentions.iter().map(|user| at(user.start, user.end)).collect::<Vec<_>>(),
            ["@a", "@b"]
        );
        assert_eq!(
            post.links.iter().map(|link| at(link.start, link.end)).collect::<Vec<_>>(),
            ["https://t.co/1"]
        );
        assert_eq!((post.media.len(), post.left_out), (1, None));
    }

    #[test]
    fn a_part_that_cannot_be_right_is_left_out_alone_and_counted() {
        let post = post_of(&json!({
            "data": {
                "id": "5", "text": "#aé", "created_at": "2026-11-23T10:00:00Z",
                "entities": {
                    "hashtags": [
                        {"start": 0, "end": 3, "tag": "aé"}, {"start": 0, "end": 4, "tag": "beyond"}, {"start": -1, "end": 2, "tag": "b"},
                        {"start": 2, "end": 2, "tag": "empty"}, {"start": 0, "end": 3}, {"start": u64::MAX, "end": u64::MAX, "tag": "c"}, 7,
                    ],
                    "urls": {}, "mentions": [{"start": "0", "end": "3", "username": "x"}],
                },
                "attachments": {"media_keys": ["3_1", "3_2", "7_3", "of nobody"]}, "public_metrics": {"like_count": -3, "quote_count": 2},
            },
            "includes": {"media": [
                {"media_key": "3_1", "type": "photo"}, {"media_key": "3_2", "type": "new kind", "url": "https://p.example/2"},
                {"media_key": "7_3", "type": "video", "width": 12, "variants": [
                    {"url": "list.m3u8"}, {"url": "small", "bit_rate": 1}, {"url": "large", "bit_rate": 9}, {"bit_rate": 3, "url": "middle"}]},
            ]},
        }));
        assert_eq!(post.hashtags.iter().map(|tag| tag.tag.as_str()).collect::<Vec<_>>(), ["aé"]);
        assert_eq!(post.mentions.len(), 1);
        let media: Vec<_> = post.media.iter().map(|media| (media.kind, media.url.as_str())).collect();
        assert_eq!(media, [(MediaKind::Other, "https://p.example/2"), (MediaKind::Video, "large")]);
        assert_eq!((post.likes, post.quotes), (None, Some(2)));
        assert_eq!(post.left_out, Some(6));
    }

    #[test]
    fn what_lacks_something_says_what() {
        for (data, lack) in [
            (json!({"text": "t"}), NO_ID),
            (json!({"id": "no id!", "text": "t"}), NO_ID),
            (json!({"id": "5", "created_at": "2026-11-23T10:00:00Z"}), NO_TEXT),
            (json!({"id": "5", "created_at": "2026-11-23T10:00:00Z", "text": 3}), NO_TEXT),
            (json!({"id": "a:5", "text": "t"}), NO_DATE),
        ] {
            let text = data.to_string();
            assert_eq!(head(&serde_json::from_str(&text).unwrap()).unwrap_err(), lack);
            assert_eq!(read_post(&json!({ "data": data }).to_string()).unwrap_err(), lack);
        }
    }
}
