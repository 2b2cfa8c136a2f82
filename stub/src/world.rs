//! The stub's state: the rules, what was posted, and who is connected.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::chunk::Chunk;
use crate::clock::now;
use crate::connection::{Connection, Slot};
use crate::facts::Facts;
use crate::faults::{Fault, Pending};
use crate::follower::Follower;
use crate::limits::Limits;
use crate::posted::{MatchedRule, Posted, StreamRule, own_stamp, stamp};
use crate::scope::Scope;
use crate::snowflake::Ids;

/// How many posts are kept for search, counts and the control path, and in how many bytes; the oldest is dropped first.
const POSTS_KEPT: usize = 50_000;
const POST_BYTES_KEPT: usize = 32 * 1024 * 1024;

/// How many are made, at most, while nobody has requested any.
const UNASKED: usize = 1_000;

/// How many bytes of lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
const LINE_BYTES_BUFFERED: usize = 8 * 1024 * 1024;

/// The stub's whole state.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) rules: Vec<Arc<StreamRule>>,
    pub(crate) posts: VecDeque<Posted>,
    /// Approximately how many bytes of memory they take.
    pub(crate) bytes: usize,
    /// How many posts have been dropped: the sequence number of the first that is kept.
    pub(crate) forgotten: u64,
    pub(crate) ids: Ids,
    pub(crate) connection: Option<Connection>,
    /// The readers of Mastodon's streams.
    pub(crate) followers: Vec<Follower>,
    /// The hashtags that were ever followed, in lower case.
    pub(crate) tags: BTreeSet<String>,
    /// Whether a Mastodon stream was ever read: from then on, posts are kept for its timelines.
    pub(crate) followed: bool,
    /// How many connections there have been: the number of the latest.
    pub(crate) connections: u64,
    /// Posts a second.
    pub(crate) rate: f64,
    pub(crate) faults: Pending,
    pub(crate) limits: Limits,
    /// How often a client was refused by its own fault: too many requests, or a second connection.
    pub(crate) refusals: u64,
}

impl World {
    /// Posts `post` now: gives it an id and a time, unless `keep` is set, and sends it to the reader if a rule matches. Returns it
    /// as posted.
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
        let matched: Box<[MatchedRule]> = self
            .rules
            .iter()
            .filter(|rule| rule.rule.matches(&facts, Scope::Stream))
            .map(|rule| MatchedRule {
                rule: Arc::clone(rule),
                searchable: rule.rule.matches(&facts, Scope::Search),
            })
            .collect();
        let sequence = self.forgotten + self.posts.len() as u64;
        let json = post.to_string().into();
        let posted = Posted { id, at, json, matched, delivered: 0, removed: false, edited: None };
        let has_reader = self.connection.is_some() && !posted.matched.is_empty();
        let line = has_reader.then(|| posted.line());
        self.remember(posted);
        if let Some(line) = line {
            self.deliver(line, sequence);
        }
        self.tell_followers(sequence, "update");
        post
    }

    /// Keeps a post, and drops the oldest if there is no room.
    fn remember(&mut self, posted: Posted) {
        self.bytes += posted.bytes();
        self.posts.push_back(posted);
        while self.posts.len() > POSTS_KEPT || (self.bytes > POST_BYTES_KEPT && self.posts.len() > 1) {
            if let Some(oldest) = self.posts.pop_front() {
                self.bytes -= oldest.bytes();
                self.forgotten += 1;
            }
        }
    }

    /// Whether another post is needed: while nobody has requested any, a few are enough.
    pub(crate) fn wants_posts(&self) -> bool {
        !self.rules.is_empty() || self.followed || self.posts.len() < UNASKED
    }

    /// Sends a line to the reader, changed by the fault that is due.
    fn deliver(&mut self, line: Bytes, sequence: u64) {
        let Some(connection) = &mut self.connection else { return };
        if connection.silent || connection.taken_until.is_some() {
            return;
        }
        for chunk in self.faults.bend(line, sequence) {
            let bytes = chunk.len();
            let waiting = connection.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
            // A reader that is too slow is cut off, and its buffer is lost.
            if waiting > LINE_BYTES_BUFFERED || connection.lines.try_send(chunk).is_err() {
                self.connection = None;
                return;
            }
        }
    }

    /// Sends again what matched in the last `time`, whether or not it was delivered.
    pub(crate) fn backfill(&mut self, time: Duration) {
        let since = now().checked_sub(time).unwrap_or(Timestamp::MAX);
        let first = self.posts.partition_point(|post| post.at <= since);
        let lines: Vec<(Bytes, u64)> = (self.forgotten..)
            .zip(&self.posts)
            .skip(first)
            .filter(|(_, post)| !post.matched.is_empty())
            .map(|(sequence, post)| (post.line(), sequence))
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
        // Mastodon's lines belong to an event with a name, which ends with an empty line.
        self.say_to_followers(&Bytes::from([b"data: ", bytes.as_ref(), b"\n"].concat()));
        if let Some(connection) = &self.connection
            && !connection.silent
        {
            connection.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
            // A full buffer loses it, like everything else for a slow reader.
            let _ = connection.lines.try_send(Chunk::Bytes(bytes, Vec::new()));
        }
    }

    /// The state of the one slot.
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

    /// Counts the posts with these sequence numbers as delivered.
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

    /// The post with this sequence number, if it is still kept.
    pub(crate) fn posted(&self, sequence: u64) -> Option<&Posted> {
        self.posts.get(self.index(sequence)?)
    }

    pub(crate) fn posted_mut(&mut self, sequence: u64) -> Option<&mut Posted> {
        let index = self.index(sequence)?;
        self.posts.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::Generator;
    use crate::rule::Rule;

    fn generate(world: &mut World, generator: &mut Generator, posts: usize) {
        for _ in 0..posts {
            let post = world.post(generator.next(&["coffee".to_owned()]), false);
            generator.posted(&post);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_by_bytes_also_where_a_thousand_rules_match() {
        let rules = (0..1000).map(|id| {
            let (value, rule) = ("coffee".to_owned(), Rule::parse("coffee").unwrap());
            Arc::new(StreamRule { id: id.to_string(), value, tag: None, rule })
        });
        let mut world = World { rules: rules.collect(), ..World::default() };
        generate(&mut world, &mut Generator::new(1), 6_000);
        let bytes: usize = world.posts.iter().map(Posted::bytes).sum();
        assert_eq!(bytes, world.bytes);
        assert!((POST_BYTES_KEPT / 2..=POST_BYTES_KEPT).contains(&bytes), "{bytes}");
        assert_eq!(world.forgotten + world.posts.len() as u64, 6_000);
    }

    #[test]
    fn few_posts_are_wanted_until_somebody_asks() {
        let (mut world, mut generator) = (World::default(), Generator::new(1));
        generate(&mut world, &mut generator, UNASKED - 1);
        assert!(world.wants_posts());
        generate(&mut world, &mut generator, 1);
        assert!(!world.wants_posts());
        world.followed = true;
        assert!(world.wants_posts());
    }

    #[test]
    fn a_line_is_the_post_and_what_matched_it() {
        let (value, tag) = ("apple".to_owned(), Some("\"a\"".to_owned()));
        let rule = StreamRule { id: "7".to_owned(), rule: Rule::parse(&value).unwrap(), value, tag };
        let mut world = World { rules: vec![Arc::new(rule)], ..World::default() };
        let mut post = world.post(json!({ "data": { "text": "an apple" } }), false);
        post["matching_rules"] = json!([{ "id": "7", "tag": "\"a\"" }]);
        let line = world.posts[0].line();
        assert_eq!(serde_json::from_slice::<Value>(&line).unwrap(), post);
        assert!(line.ends_with(b"\r\n"));
    }
}
