//! What the stub knows: the rules, what was posted, and who is connected.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock::now;
use crate::facts::Facts;
use crate::faults::{Fault, Pending};
use crate::limits::Limits;
use crate::mastodon::Follower;
use crate::rule::{Rule, Scope};
use crate::snowflake::Ids;

/// How many posts are remembered for search, counts and the control path; the oldest goes first.
pub(crate) const POSTS_KEPT: usize = 50_000;

/// How many lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
pub(crate) const LINES_BUFFERED: usize = 5_000;

/// The stub's whole state.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) rules: Vec<StreamRule>,
    pub(crate) posts: VecDeque<Posted>,
    /// How many posts have been forgotten: the sequence number of the first that is kept.
    pub(crate) forgotten: u64,
    pub(crate) ids: Ids,
    pub(crate) connection: Option<Connection>,
    /// The readers of Mastodon's streams.
    pub(crate) followers: Vec<Follower>,
    /// The hashtags that were ever followed, in lower case.
    pub(crate) tags: BTreeSet<String>,
    /// How many connections there ever were: the number of the latest.
    pub(crate) connections: u64,
    /// Posts a second.
    pub(crate) rate: f64,
    pub(crate) faults: Pending,
    pub(crate) limits: Limits,
    /// How often a client was told that it asks too often, or connects twice, by its own fault.
    pub(crate) refusals: u64,
}

/// A rule of the stream.
#[derive(Debug)]
pub(crate) struct StreamRule {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) tag: Option<String>,
    pub(crate) rule: Rule,
}

/// Something that was posted.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    pub(crate) post: Value,
    pub(crate) facts: Facts,
    /// The rules that matched when it was posted.
    pub(crate) matched: Vec<MatchedRule>,
    /// How often its line has been handed to a reader whole.
    pub(crate) delivered: u32,
    /// Its author has taken it back.
    pub(crate) removed: bool,
    /// Its author has changed it: the new text, and when.
    pub(crate) edited: Option<(String, Timestamp)>,
}

/// A rule that matched a post.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MatchedRule {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[serde(skip)]
    pub(crate) value: String,
    /// Whether the same query finds the post: quoted texts are not searched.
    #[serde(skip)]
    pub(crate) searchable: bool,
}

/// The one reader.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) lines: mpsc::Sender<Chunk>,
    /// After the reader left, the slot stays taken until then.
    pub(crate) taken_until: Option<Instant>,
    /// Nothing is sent any more, and nobody is told.
    pub(crate) silent: bool,
}

/// The one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Free,
    /// A reader is connected.
    Taken,
    /// The reader has left, and X has not noticed.
    HalfOpen,
}

/// What is sent to the reader at once.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// These bytes; the posts with these sequence numbers are delivered with them.
    Bytes(Bytes, Vec<u64>),
    /// The connection ends here, in the middle of what it was saying.
    Cut,
}

impl World {
    /// Posts `post` now: gives it an id and a time, unless `keep` says that it has its own, and
    /// sends it to the reader if a rule matches. Returns it as posted.
    pub(crate) fn post(&mut self, mut post: Value, keep: bool) -> Value {
        let kept = keep.then(|| own_stamp(&post)).flatten();
        let (id, at) = kept.unwrap_or_else(|| {
            let now = now();
            (self.ids.next(now), now)
        });
        if kept.is_none() {
            stamp(&mut post, id, at);
        }
        let facts = Facts::of(&post);
        let matched: Vec<MatchedRule> = self
            .rules
            .iter()
            .filter(|rule| rule.rule.matches(&facts, Scope::Stream))
            .map(|rule| MatchedRule {
                id: rule.id.clone(),
                tag: rule.tag.clone(),
                value: rule.value.clone(),
                searchable: rule.rule.matches(&facts, Scope::Search),
            })
            .collect();
        let sequence = self.forgotten + self.posts.len() as u64;
        let line = (!matched.is_empty()).then(|| line(&post, &matched));
        let returned = post.clone();
        let posted = Posted { id, at, post, facts, matched, delivered: 0, removed: false, edited: None };
        self.posts.push_back(posted);
        if self.posts.len() > POSTS_KEPT {
            self.posts.pop_front();
            self.forgotten += 1;
        }
        if let Some(line) = line {
            self.deliver(line, sequence);
        }
        self.tell_followers(sequence, "update");
        returned
    }

    /// Sends a line to the reader, bent by the fault that is due.
    fn deliver(&mut self, line: Bytes, sequence: u64) {
        let Some(connection) = &mut self.connection else { return };
        if connection.silent || connection.taken_until.is_some() {
            return;
        }
        for chunk in self.faults.bend(line, sequence) {
            // A reader that is too slow is cut off, and what was buffered is lost.
            if connection.lines.try_send(chunk).is_err() {
                self.connection = None;
                return;
            }
        }
    }

    /// Sends again what matched in the last `time`, delivered already or not.
    pub(crate) fn backfill(&mut self, time: Duration) {
        let since = now().checked_sub(time).unwrap_or(Timestamp::MAX);
        let first = self.posts.partition_point(|post| post.at <= since);
        let lines: Vec<(Bytes, u64)> = (self.forgotten..)
            .zip(&self.posts)
            .skip(first)
            .filter(|(_, post)| !post.matched.is_empty())
            .map(|(sequence, post)| (line(&post.post, &post.matched), sequence))
            .collect();
        for (line, sequence) in lines {
            self.deliver(line, sequence);
        }
    }

    /// Makes a fault happen: now, at the next line, or at the next connections.
    pub(crate) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Silence => {
                if let Some(connection) = &mut self.connection {
                    connection.silent = true;
                }
                self.followers.iter_mut().for_each(|follower| follower.silent = true);
            }
            Fault::OperationalDisconnect => {
                self.say_and_cut(json!({ "errors": [{
                    "title": "operational-disconnect",
                    "disconnect_type": "UpstreamOperationalDisconnect",
                    "detail": "This stream has been disconnected upstream for operational reasons.",
                    "type": "https://api.x.com/2/problems/operational-disconnect",
                }] }));
            }
            Fault::Close => {
                self.connection = None;
                self.followers.clear();
            }
            Fault::Garbage => self.say(Bytes::from_static(b"<html>502 Bad Gateway</html>\r\n")),
            Fault::HugeLine => {
                let filler = "x".repeat(1024 * 1024);
                self.say(Bytes::from(format!("{{\"data\":{{\"id\":\"1\",\"text\":\"{filler}\"}}}}\r\n")));
            }
            Fault::UnknownMessage => self.say(Bytes::from_static(b"{\"notice\":{\"kind\":\"new\"}}\r\n")),
            fault => self.faults.add(fault, Instant::now()),
        }
    }

    fn say_and_cut(&mut self, message: Value) {
        self.say(Bytes::from(format!("{message}\r\n")));
        self.connection = None;
        self.followers.clear();
    }

    fn say(&mut self, bytes: Bytes) {
        // There, a line is an event's only with its name, and ends with an empty one.
        self.say_to_followers(&Bytes::from([b"data: ", bytes.as_ref(), b"\n"].concat()));
        if let Some(connection) = &self.connection
            && !connection.silent
        {
            // A full buffer loses it, like anything else that is said to a slow reader.
            let _ = connection.lines.try_send(Chunk::Bytes(bytes, Vec::new()));
        }
    }

    /// How the one slot is.
    pub(crate) fn slot(&mut self) -> Slot {
        match &self.connection {
            None => Slot::Free,
            Some(Connection { taken_until: None, .. }) => Slot::Taken,
            Some(Connection { taken_until: Some(until), .. }) if *until > Instant::now() => Slot::HalfOpen,
            Some(_) => {
                self.connection = None;
                Slot::Free
            }
        }
    }

    /// The reader of connection `number` has gone; its slot may stay taken for a while.
    pub(crate) fn reader_left(&mut self, number: u64) {
        if let Some(connection) = self.connection.as_mut().filter(|connection| connection.number == number) {
            match self.faults.take_half_open() {
                Some(seconds) => connection.taken_until = Some(Instant::now() + Duration::from_secs(seconds)),
                None => self.connection = None,
            }
        }
    }

    /// The posts with these sequence numbers have been handed to a reader.
    pub(crate) fn delivered(&mut self, sequences: &[u64]) {
        for sequence in sequences {
            if let Some(post) = self.posted_mut(*sequence) {
                post.delivered += 1;
            }
        }
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.forgotten)?).ok()
    }

    /// The post with this sequence number, if it is still remembered.
    pub(crate) fn posted(&self, sequence: u64) -> Option<&Posted> {
        self.posts.get(self.index(sequence)?)
    }

    pub(crate) fn posted_mut(&mut self, sequence: u64) -> Option<&mut Posted> {
        let index = self.index(sequence)?;
        self.posts.get_mut(index)
    }
}

/// A post's line in the stream.
fn line(post: &Value, matched: &[MatchedRule]) -> Bytes {
    let mut line = post.clone();
    line["matching_rules"] = json!(matched);
    Bytes::from(format!("{line}\r\n"))
}

/// Gives a post an id and a time.
fn stamp(post: &mut Value, id: u64, at: Timestamp) {
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

fn own_stamp(post: &Value) -> Option<(u64, Timestamp)> {
    let id = post["data"]["id"].as_str()?.parse().ok()?;
    let at = post["data"]["created_at"].as_str()?.parse().ok()?;
    Some((id, at))
}
