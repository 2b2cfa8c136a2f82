//! A post as it was posted, and the rules that it matched.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::rule::Rule;

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
    /// The post as JSON, which takes a third of the memory of a parsed value.
    pub(crate) json: Box<str>,
    /// The rules that matched when it was posted.
    pub(crate) matched: Box<[MatchedRule]>,
    /// How often its line was delivered whole.
    pub(crate) delivered: u32,
    /// Whether its author has removed it.
    pub(crate) removed: bool,
    /// Its author's edit: the new text, and when.
    pub(crate) edited: Option<(String, Timestamp)>,
}

impl Posted {
    /// As it was posted.
    pub(crate) fn post(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// The facts that rules can ask for.
    pub(crate) fn facts(&self) -> Facts {
        Facts::of(&self.post())
    }

    /// Approximately how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.json.len() + size_of_val(&*self.matched)
    }

    /// Its line in the stream.
    pub(crate) fn line(&self) -> Bytes {
        let rules: Vec<Value> = self.matched.iter().map(|matched| matched.rule.in_a_line()).collect();
        let object = self.json.strip_suffix('}').unwrap_or(&self.json);
        Bytes::from(format!("{object},\"matching_rules\":{}}}\r\n", json!(rules)))
    }
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
