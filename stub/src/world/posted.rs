//! A post as it was posted, and the rules that it matched.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::chunk::{Delivery, Line};
use super::redaction::{Reason, Redaction, Redactions};
use super::resources::Resources;
use crate::rule::Facts;
use crate::rule::Rule;
use crate::x::hydrate::Wanted;

/// A rule of the stream.
#[derive(Debug)]
pub(crate) struct StreamRule {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) tag: Option<String>,
    pub(crate) rule: Rule,
}

impl StreamRule {
    /// The rule as it appears in the line of a post that matched it.
    pub(crate) fn in_a_line(&self) -> Value {
        match &self.tag {
            Some(tag) => json!({ "id": self.id, "tag": tag }),
            None => json!({ "id": self.id }),
        }
    }
}

/// Something that was posted.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    /// The post as JSON, which takes a third of the memory of a parsed value. Where X withholds it, that is part of it.
    pub(crate) json: Box<str>,
    /// The rules that matched when it was posted.
    pub(crate) matched: Box<[MatchedRule]>,
    /// The expressions that are watched and match it.
    pub(crate) watched: Box<[Watched]>,
    /// How often its line was delivered whole.
    pub(crate) delivered: u32,
    /// What has been taken back of it since.
    pub(crate) redaction: Option<Redaction>,
    /// Whether a later version has been posted.
    pub(crate) superseded: bool,
    /// Its author's edit in place, as Mastodon has it: the new text, and when.
    pub(crate) edited: Option<(String, Timestamp)>,
}

impl Posted {
    /// As it was posted.
    pub(crate) fn post(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// As it is now: without what has been taken back of it and of the posts that it refers to.
    pub(crate) fn now(&self, redactions: &Redactions) -> Value {
        let mut post = self.post();
        if self.redaction.is_some_and(|redaction| redaction.reason == Reason::ScrubGeo) {
            if let Some(data) = post["data"].as_object_mut() {
                data.remove("geo");
            }
            if let Some(includes) = post["includes"].as_object_mut() {
                includes.remove("places");
            }
        }
        if let Some(included) = post["includes"]["tweets"].as_array_mut() {
            included.retain_mut(|other| {
                let id = other["id"].as_str().and_then(|id| id.parse().ok());
                let reason = id.and_then(|id| redactions.post(id)).map(|redacted| redacted.redaction.reason);
                if let (Some(Reason::ScrubGeo), Some(other)) = (reason, other.as_object_mut()) {
                    other.remove("geo");
                }
                reason.is_none_or(|reason| !reason.hides())
            });
        }
        post
    }

    /// Whether people can still see it.
    pub(crate) fn is_public(&self) -> bool {
        self.redaction.is_none_or(|redaction| !redaction.reason.hides())
    }

    /// Whether search can find it, if it is no repost: of an edited post, search has the last version.
    pub(crate) fn is_searchable(&self) -> bool {
        self.is_public() && !self.superseded
    }

    /// The facts that rules can ask for.
    pub(crate) fn facts(&self) -> Facts {
        Facts::of(&self.post())
    }

    /// Approximately how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.json.len() + size_of_val(&*self.matched) + size_of_val(&*self.watched)
    }

    /// Its line in the stream, which shows of `post` what the reader wants.
    pub(crate) fn line(&self, post: &Value, wanted: &Wanted, sequence: u64) -> Line {
        let rules: Vec<Value> = self.matched.iter().map(|matched| matched.rule.in_a_line()).collect();
        let (data, includes) = wanted.shown(post);
        let resources = Arc::new(Resources::of(self.id, &includes));
        let mut line = json!({ "data": data, "matching_rules": rules });
        if !includes.is_empty() {
            line["includes"] = includes.into();
        }
        Line { bytes: Bytes::from(format!("{line}\r\n")), delivery: Delivery { sequence, resources } }
    }
}

/// An expression that a test watches, whatever the rules are.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) expression: Arc<str>,
    /// Whether the same query finds the post.
    pub(crate) searchable: bool,
}

/// A rule that matched a post.
#[derive(Clone, Debug)]
pub(crate) struct MatchedRule {
    pub(crate) rule: Arc<StreamRule>,
    /// Whether the same query finds the post: quoted texts are not searched.
    pub(crate) searchable: bool,
}

/// Gives a post an id and a time.
pub(crate) fn stamp(post: &mut Value, id: u64, at: Timestamp) {
    let data = &mut post["data"];
    data["id"] = id.to_string().into();
    data["created_at"] = format!("{at:.3}").into();
    // X writes whole seconds.
    if let Some(text) = data["created_at"].as_str().and_then(|text| text.split_once('.')) {
        data["created_at"] = format!("{}.000Z", text.0).into();
    }
    match data["edit_history_tweet_ids"].as_array_mut() {
        Some(history) => history.push(id.to_string().into()),
        None => data["edit_history_tweet_ids"] = json!([id.to_string()]),
    }
    if data["conversation_id"].is_null() {
        data["conversation_id"] = id.to_string().into();
    }
}

pub(crate) fn own_stamp(post: &Value) -> Option<(u64, Timestamp)> {
    let id = post["data"]["id"].as_str()?.parse().ok()?;
    let at = post["data"]["created_at"].as_str()?.parse().ok()?;
    Some((id, at))
}
