//! A post as Mastodon shows it.

use serde_json::{Value, json};

use crate::rule::Facts;
use crate::world::posted::Posted;

/// The id that a post has at Mastodon: its milliseconds, and a number that makes it unique.
pub(super) fn status_id(post: &Posted, sequence: u64) -> u64 {
    (u64::try_from(post.at.as_millisecond()).unwrap_or(0) << 16) | (sequence & 0xffff)
}

/// Whether an author does not want search engines to index them, and whether their posts may appear in the results of a search: by their id, of eight
/// authors one opts out by each.
fn indexing(user: &Value) -> (bool, bool) {
    let id = user["id"].as_str().and_then(|id| id.parse::<u64>().ok()).unwrap_or(1);
    (id.is_multiple_of(8), id % 8 != 4)
}

/// Whether a post's author has opted out of being found by search.
pub(super) fn opted_out(post: &Posted) -> bool {
    let posted = post.post();
    let (noindex, indexable) = indexing(&posted["includes"]["users"][0]);
    noindex || !indexable
}

/// A post as Mastodon shows it.
pub(super) fn status(post: &Posted, sequence: u64) -> Value {
    let posted = post.post();
    let data = &posted["data"];
    let text = data["note_tweet"]["text"].as_str().or_else(|| data["text"].as_str()).unwrap_or_default();
    let text = post.edited.as_ref().map_or(text, |(text, _)| text);
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    let user = posted["includes"]["users"].as_array().and_then(|users| users.first());
    let user = user.cloned().unwrap_or_default();
    let tags: Vec<Value> = Facts::of(&posted)
        .own
        .iter()
        .flat_map(|text| &text.hashtags)
        .map(|tag| json!({ "name": tag, "url": format!("https://stub.example/tags/{tag}") }))
        .collect();
    let (noindex, indexable) = indexing(&user);
    json!({
        "id": status_id(post, sequence).to_string(),
        "created_at": format!("{:.3}", post.at),
        "edited_at": post.edited.as_ref().map(|(_, at)| format!("{at:.3}")),
        "content": format!("<p>{html}</p>"),
        "spoiler_text": "", "visibility": "public", "sensitive": false,
        "language": data["lang"], "in_reply_to_id": null, "reblog": null, "tags": tags,
        "account": {
            "id": user["id"], "acct": user["username"], "username": user["username"], "display_name": user["name"],
            "noindex": noindex, "indexable": indexable,
            "fields": [{ "name": "Location", "value": user["location"] }],
        },
    })
}
