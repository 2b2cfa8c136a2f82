//! A status of Mastodon's: <https://docs.joinmastodon.org/entities/Status/>.

mod html;

use place::CountrySource;
use serde_json::Value;
use utc_time::UtcTime;

use self::html::{Anchor, AnchorKind, Html};
use crate::post::{Link, Media, MediaKind, Mention, Reference, ReferenceKind, Tag};
use crate::{Post, PostId};

/// A post, and the hashtags that its server found in it, in lower case.
#[derive(Debug, PartialEq)]
pub struct Status {
    /// The post.
    pub post: Post,
    /// The hashtags.
    pub tags: Vec<String>,
    /// Whether its author has opted out of being found by search.
    pub opted_out: bool,
}

/// The id of a post of `host`, unique among all sources.
#[must_use]
pub fn post_id(host: &str, id: &str) -> Option<PostId> {
    format!("{host}:{id}").parse().ok()
}

/// When the post with this id was written: servers count milliseconds in the upper bits of their ids.
/// <https://github.com/mastodon/mastodon/blob/main/lib/mastodon/snowflake.rb>
#[must_use]
pub fn first_id(at: UtcTime) -> u64 {
    u64::try_from(at.as_millis()).map_or(0, |millis| millis << 16)
}

/// Reads a status.
///
/// # Errors
/// What it lacks.
pub(super) fn read_post(json: &str, host: &str) -> Result<Post, &'static str> {
    let status: Value = serde_json::from_str(json).map_err(|_| "not JSON")?;
    read_status(&status, host).map(|status| status.post).ok_or("not a post of its author's own")
}

/// Reads a status; `None` if it is not its author's own post (a boost), or lacks what a post needs.
#[must_use]
pub fn read_status(status: &Value, host: &str) -> Option<Status> {
    if status["reblog"].is_object() {
        return None;
    }
    let account = &status["account"];
    let mut content = Html::read(status["content"].as_str()?);
    if let Some(warning) = text(&status["spoiler_text"]) {
        content.put_before(&format!("{warning}\n\n"));
    }
    let location = location(account);
    let language = text(&status["language"]);
    let placed = location.as_deref().and_then(|place| place::place(place, language.as_deref()));
    let references = status["in_reply_to_id"].as_str().and_then(|id| post_id(host, id));
    let media = status["media_attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut post = Post {
        url: text(&status["url"]),
        author_id: text(&account["id"]),
        author_name: text(&account["display_name"]),
        author_username: text(&account["acct"]),
        author_picture: text(&account["avatar"]),
        author_followers: account["followers_count"].as_u64(),
        author_location: location,
        country: placed.map(|placed| placed.country),
        country_source: placed.map(|_| CountrySource::Profile),
        country_how: placed.map(|placed| placed.how),
        language,
        references: references
            .map(|tweet_id| Reference { kind: ReferenceKind::RepliedTo, tweet_id })
            .into_iter()
            .collect(),
        edited_at: time(&status["edited_at"]),
        media: media.iter().filter_map(medium).collect(),
        likes: status["favourites_count"].as_u64(),
        reposts: status["reblogs_count"].as_u64(),
        replies: status["replies_count"].as_u64(),
        quotes: status["quotes_count"].as_u64(),
        possibly_sensitive: status["sensitive"].as_bool(),
        ..Post::new(post_id(host, status["id"].as_str()?)?, time(&status["created_at"])?, String::new())
    };
    let left_out = (media.len() - post.media.len()) as u64;
    post.left_out = (left_out > 0).then_some(left_out);
    add_anchors(&mut post, content.anchors, status);
    post.text = content.text;
    let tags = status["tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| Some(tag["name"].as_str()?.to_lowercase())).collect();
    Some(Status { post, tags, opted_out: opted_out(account) })
}

/// Whether an author does not want search engines to index them (`noindex`), or their posts to appear in the results of a search (`indexable`). A server
/// that does not say so leaves it out. <https://docs.joinmastodon.org/entities/Account/>
fn opted_out(account: &Value) -> bool {
    account["noindex"] == true || account["indexable"] == false
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn time(value: &Value) -> Option<UtcTime> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// Where authors say they are: a field of the profile with such a name.
fn location(account: &Value) -> Option<String> {
    let fields = account["fields"].as_array()?;
    let field = fields.iter().find(|field| {
        field["name"].as_str().is_some_and(|name| {
            ["location", "country", "where"].contains(&name.trim().to_lowercase().as_str())
        })
    })?;
    Some(Html::read(field["value"].as_str()?).text)
}

/// A media attachment; `None` without an address. <https://docs.joinmastodon.org/entities/MediaAttachment/>
fn medium(media: &Value) -> Option<Media> {
    let original = &media["meta"]["original"];
    let pixels = |name: &str| original[name].as_u64().and_then(|pixels| pixels.try_into().ok());
    Some(Media {
        kind: match media["type"].as_str() {
            Some("image") => MediaKind::Photo,
            Some("video") => MediaKind::Video,
            Some("gifv") => MediaKind::AnimatedPicture,
            Some("audio") => MediaKind::Audio,
            _ => MediaKind::Other,
        },
        url: text(&media["url"])?,
        preview_url: text(&media["preview_url"]),
        alt_text: text(&media["description"]),
        width: pixels("width"),
        height: pixels("height"),
        duration_ms: original["duration"].as_f64().map(|seconds| (seconds * 1000.0).round() as u64),
    })
}

/// Adds the links, hashtags and mentions that are anchors of the text.
fn add_anchors(post: &mut Post, anchors: Vec<Anchor>, status: &Value) {
    for Anchor { address, kind, shown, written, start, end } in anchors {
        let (start, end) = (u32::try_from(start).ok(), u32::try_from(end).ok());
        match kind {
            AnchorKind::Hashtag => {
                post.hashtags.push(Tag { tag: written.trim_start_matches('#').to_owned(), start, end });
            }
            AnchorKind::Mention => {
                let users = status["mentions"].as_array().into_iter().flatten();
                let user = users.clone().find(|user| user["url"].as_str() == Some(&address));
                let username = user.and_then(|user| text(&user["acct"]));
                let username = username.unwrap_or_else(|| written.trim_start_matches('@').to_owned());
                post.mentions.push(Mention {
                    username,
                    id: user.and_then(|user| text(&user["id"])),
                    start,
                    end,
                });
            }
            AnchorKind::Link => {
                let title = Some(&status["card"]).filter(|card| card["url"].as_str() == Some(&address));
                post.links.push(Link {
                    title: title.and_then(|card| text(&card["title"])),
                    display_url: Some(shown),
                    expanded_url: None,
                    url: address,
                    start,
                    end,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_a_post_needs_is_read() {
        let status = json!({
            "id": "116000000000000001", "created_at": "2026-11-24T10:00:00.123Z", "edited_at": "2026-11-24T10:05:00.000Z",
            "content": "<p>hello</p>", "spoiler_text": "mild", "language": "lt", "in_reply_to_id": "115",
            "account": {
                "id": "7", "acct": "jonas@other.example", "display_name": "Jonas",
                "fields": [{ "name": "Location", "value": "<b>Vilnius, Lithuania</b>" }],
            },
            "tags": [{ "name": "Rust" }], "reblog": null, "new field": {},
        });
        let Status { post, tags, opted_out } = read_status(&status, "m.example").unwrap();
        assert_eq!(post.tweet_id.as_str(), "m.example:116000000000000001");
        assert_eq!((post.text.as_str(), tags.as_slice()), ("mild\n\nhello", &["rust".to_owned()][..]));
        assert_eq!(post.country.map(|country| country.as_str()), Some("LT"));
        assert_eq!(post.edited_at.unwrap().to_string(), "2026-11-24T10:05:00.000Z");
        assert_eq!(post.references[0].tweet_id.as_str(), "m.example:115");
        assert!(!opted_out);
    }

    #[test]
    fn an_author_opts_out_by_either_field_and_by_neither_that_is_missing() {
        for (account, expected) in [
            (json!({}), false),
            (json!({ "noindex": null, "indexable": null }), false),
            (json!({ "noindex": false, "indexable": true }), false),
            (json!({ "noindex": true, "indexable": true }), true),
            (json!({ "noindex": false, "indexable": false }), true),
            (json!({ "indexable": "false" }), false),
        ] {
            assert_eq!(opted_out(&account), expected, "{account}");
        }
    }

    #[test]
    fn what_is_no_post_is_none() {
        for status in
            [json!({}), json!({ "id": "1", "content": "x", "created_at": "soon" }), json!({ "reblog": {} })]
        {
            assert_eq!(read_status(&status, "m.example"), None);
        }
    }
}
