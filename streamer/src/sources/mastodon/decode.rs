//! Decoding a stream's bytes into items.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use posts::Keyword;
use posts::sources::mastodon::{Status, post_id, read_status};
use posts::sources::{Head, Sent, Source};
use serde_json::Value;

use super::events::{Events, Frame};
use super::matching::matches;
use crate::source::{Arrival, Decoder, Item, OptedOut};

/// The keywords that a connection carries. Copies share them, so that the decoder of an open connection follows changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed(Arc<RwLock<BTreeSet<Keyword>>>);

impl Followed {
    /// Replaces the keywords.
    pub(crate) fn set(&self, keywords: &BTreeSet<Keyword>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keywords.clone();
    }

    fn all(&self) -> BTreeSet<Keyword> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keywords that a status belongs to.
    fn of(&self, status: &Status) -> BTreeSet<Keyword> {
        let keywords = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keywords.iter().filter(|keyword| matches(keyword, status)).cloned().collect()
    }
}

/// What is done with posts whose authors have opted out of being found by search.
#[derive(Clone, Debug)]
pub(crate) struct OptOut {
    /// Whether they are left out.
    pub(crate) is_honoured: bool,
    /// Where they are counted then.
    pub(crate) left_out: OptedOut,
}

impl OptOut {
    /// Whether a post that belongs to a requested keyword is left out, which is counted.
    pub(crate) fn leaves_out(&self, status: &Status) -> bool {
        let leaves_out = self.is_honoured && status.opted_out;
        self.left_out.add(u64::from(leaves_out));
        leaves_out
    }
}

/// Decodes one connection's bytes. What is not a post is skipped, and logged by its size and its position in the stream, never
/// by its text.
#[derive(Debug)]
pub(crate) struct Decode {
    events: Events,
    /// The server's name, the prefix of its posts' ids.
    host: String,
    followed: Followed,
    opt_out: OptOut,
    /// The bytes of all chunks before the current one.
    position: u64,
}

impl Decode {
    pub(crate) fn new(host: String, followed: Followed, opt_out: OptOut) -> Self {
        Self { events: Events::default(), host, followed, opt_out, position: 0 }
    }

    fn item(&self, frame: Frame, position: u64) -> Option<Item> {
        let skipped = |reason: &str, bytes: usize| {
            tracing::warn!(reason, bytes, position, "skipped an event that is not a post");
            None
        };
        let (name, data) = match frame {
            Frame::Comment => return Some(Item::Alive),
            Frame::TooLong(bytes) => return skipped("too long", bytes),
            Frame::Event { name, data } => (name, data),
        };
        match name.as_str() {
            "update" | "status.update" => {
                let Ok(json) = serde_json::from_str::<Value>(&data) else {
                    return skipped("not JSON", data.len());
                };
                let Some(status) = read_status(&json, &self.host) else {
                    return skipped("not a post of its author's own", data.len());
                };
                let keywords = self.followed.of(&status);
                if !keywords.is_empty() && self.opt_out.leaves_out(&status) {
                    return None;
                }
                Some(Item::Arrived(Arrival::Post(Box::new(sent(&status, &self.host, data))), keywords))
            }
            "delete" => {
                let Some(id) = post_id(&self.host, data.trim()) else {
                    return skipped("not an id", data.len());
                };
                // The event does not say which keywords the post had; the consumer finds out.
                Some(Item::Arrived(Arrival::Removed(id), self.followed.all()))
            }
            _ => None,
        }
    }
}

/// A status as its server, `host`, sent it.
pub(super) fn sent(status: &Status, host: &str, json: String) -> Sent {
    Sent::new(Head::from(&status.post), Source::Mastodon { host: host.to_owned() }, json)
}

impl Decoder for Decode {
    fn push(&mut self, chunk: &[u8]) -> Vec<Item> {
        let position = self.position;
        self.position += chunk.len() as u64;
        let frames = self.events.push(chunk);
        frames.into_iter().filter_map(|frame| self.item(frame, position)).collect()
    }
}
