//! The earlier posts that a new one may repost, quote, answer or edit.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::{add, cut, moved};

/// How many posts are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 50;

/// The longest text of a repost, in code points.
const REPOST: usize = 140;

/// The earlier posts that a new one may refer to: no reposts, and of an edited post the last version.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    posts: VecDeque<Value>,
}

impl Earlier {
    /// Remembers a post as it was stamped.
    pub(super) fn remember(&mut self, post: &Value) {
        if post["data"]["referenced_tweets"][0]["type"] == "retweeted" {
            return;
        }
        let versions = post["data"]["edit_history_tweet_ids"].as_array();
        if let Some(versions) = versions.filter(|versions| versions.len() > 1) {
            self.posts.retain(|earlier| !versions.contains(&earlier["data"]["id"]));
        }
        if self.posts.len() == REMEMBERED {
            self.posts.pop_front();
        }
        self.posts.push_back(post.clone());
    }

    pub(super) fn any(&self, random: &mut fastrand::Rng) -> Option<&Value> {
        if self.posts.is_empty() { None } else { self.posts.get(random.usize(0..self.posts.len())) }
    }

    /// Any, if it may still be edited `now`.
    pub(super) fn any_editable(&self, now: Option<Timestamp>, random: &mut fastrand::Rng) -> Option<&Value> {
        self.any(random).filter(|post| {
            let controls = &post["data"]["edit_controls"];
            let until = controls["editable_until"].as_str().and_then(|until| until.parse::<Timestamp>().ok());
            let is_open = until.zip(now).is_none_or(|(until, now)| now < until);
            controls["is_edit_eligible"] == true && controls["edits_remaining"] != 0 && is_open
        })
    }

    /// Forgets a post. Returns it.
    pub(super) fn forget_any(&mut self, random: &mut fastrand::Rng) -> Option<Value> {
        if self.posts.is_empty() { None } else { self.posts.remove(random.usize(0..self.posts.len())) }
    }
}

/// Makes `post` refer to `original`, and includes that with its author and media.
pub(super) fn refer(post: &mut Value, kind: &str, original: &Value) {
    post["data"]["referenced_tweets"] = json!([{ "type": kind, "id": original["data"]["id"] }]);
    post["includes"]["tweets"] = json!([original["data"]]);
    let author = &original["includes"]["users"][0];
    if let Some(users) = post["includes"]["users"].as_array_mut()
        && users.iter().all(|user| user["id"] != author["id"])
    {
        users.push(author.clone());
    }
    let attached = original["data"]["attachments"]["media_keys"].as_array();
    let media = original["includes"]["media"].as_array().into_iter().flatten();
    let media: Vec<Value> = media
        .filter(|media| attached.is_some_and(|keys| keys.contains(&media["media_key"])))
        .cloned()
        .collect();
    if media.is_empty() {
        return;
    }
    match post["includes"]["media"].as_array_mut() {
        Some(own) => own.extend(media),
        None => post["includes"]["media"] = media.into(),
    }
}

/// A repost by `user`: the beginning of the original's text, and all of it included.
pub(super) fn repost(original: &Value, user: Value) -> Value {
    let (data, author) = (&original["data"], &original["includes"]["users"][0]);
    let name = author["username"].as_str().unwrap_or_default();
    let mark = format!("RT @{name}: ");
    let (text, kept) = cut(&format!("{mark}{}", data["text"].as_str().unwrap_or_default()), REPOST);
    let mut entities = serde_json::Map::new();
    let (start, by) = ("RT ".len(), mark.chars().count());
    let mention =
        json!({ "start": start, "end": start + 1 + name.len(), "username": name, "id": author["id"] });
    add(&mut entities, "mentions", mention);
    let lists = data["entities"].as_object().map(|lists| moved(lists, by, kept)).unwrap_or_default();
    for (list, more) in lists {
        more.as_array().into_iter().flatten().for_each(|entity| add(&mut entities, &list, entity.clone()));
    }
    let mut repost = json!({
        "author_id": user["id"], "text": text, "entities": entities, "lang": data["lang"],
        "source": data["source"], "possibly_sensitive": data["possibly_sensitive"],
        "reply_settings": data["reply_settings"], "public_metrics": data["public_metrics"],
        "edit_controls": { "is_edit_eligible": false, "edits_remaining": 0 },
    });
    if !data["context_annotations"].is_null() {
        repost["context_annotations"] = data["context_annotations"].clone();
    }
    let mut post = json!({ "data": repost, "includes": { "users": [user] } });
    refer(&mut post, "retweeted", original);
    post
}
