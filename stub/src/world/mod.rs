//! The stub's state: the rules, what was posted, and who is connected.

pub(crate) mod billing;
pub(crate) mod chunk;
pub(crate) mod connection;
mod delivery;
pub(crate) mod faults;
pub(crate) mod jobs;
pub(crate) mod limits;
pub(crate) mod meter;
mod misbehaviour;
pub(crate) mod posted;
pub(crate) mod readers;
pub(crate) mod redaction;
pub(crate) mod resources;
pub(crate) mod snowflake;
mod takedown;
pub(crate) mod uuid;

pub use faults::Fault;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::clock::now;
use crate::mastodon::Follower;
use crate::rule::{Facts, Rule, Scope};
use crate::world::billing::Billing;
use crate::world::faults::Pending;
use crate::world::jobs::Jobs;
use crate::world::limits::Limits;
use crate::world::posted::{MatchedRule, Posted, StreamRule, Watched, own_stamp, stamp};
use crate::world::readers::Readers;
use crate::world::redaction::Redactions;
use crate::world::snowflake::Ids;
use crate::x::Dialect;

/// How many posts are kept for search, counts and the control path, and in how many bytes; the oldest is dropped first.
const POSTS_KEPT: usize = 50_000;
const POST_BYTES_KEPT: usize = 32 * 1024 * 1024;

/// How many are made, at most, while nobody has requested any.
const UNASKED: usize = 1_000;

/// The stub's whole state.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) rules: Vec<Arc<StreamRule>>,
    /// Expressions that are watched, whatever the rules are.
    pub(crate) watched: Vec<(Arc<str>, Rule)>,
    pub(crate) posts: VecDeque<Posted>,
    /// Approximately how many bytes of memory they take.
    pub(crate) bytes: usize,
    /// How many posts have been dropped: the sequence number of the first that is kept.
    pub(crate) forgotten: u64,
    pub(crate) ids: Ids,
    /// What has been taken back.
    pub(crate) redactions: Redactions,
    /// Batch compliance.
    pub(crate) jobs: Jobs,
    /// The readers of X's stream.
    pub(crate) readers: Readers,
    pub(crate) billing: Billing,
    /// The words that search takes and uses.
    pub(crate) dialect: Dialect,
    /// The readers of Mastodon's streams.
    pub(crate) followers: Vec<Follower>,
    /// The hashtags that were ever followed, in lower case.
    pub(crate) tags: BTreeSet<String>,
    /// Whether a Mastodon stream was ever read: from then on, posts are kept for its timelines.
    pub(crate) followed: bool,
    /// How many connections there have been: the number of the latest.
    pub(crate) connected: u64,
    /// Posts a second.
    pub(crate) rate: f64,
    pub(crate) faults: Pending,
    pub(crate) limits: Limits,
    /// How often a client was refused by its own fault: too many requests, or a second connection.
    pub(crate) refusals: u64,
    /// How often a client was refused because a connection whose reader has left holds the slot.
    pub(crate) slot_refusals: u64,
}

impl World {
    /// Posts `post` now: gives it an id and a time, unless `keep` is set, and sends it to the reader if a rule
    /// matches. Returns it as posted.
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
        let watched = self.watched.iter().filter(|(_, rule)| rule.matches(&facts, Scope::Stream));
        let watched = watched
            .map(|(expression, rule)| Watched {
                expression: Arc::clone(expression),
                searchable: rule.matches(&facts, Scope::Search),
            })
            .collect();
        let sequence = self.forgotten + self.posts.len() as u64;
        self.supersede(&post, id);
        let json = post.to_string().into();
        let is_wanted = !matched.is_empty();
        self.remember(Posted {
            id,
            at,
            json,
            matched,
            watched,
            delivered: 0,
            redaction: None,
            superseded: false,
            edited: None,
        });
        if is_wanted {
            self.deliver(sequence, &post);
        }
        self.tell_followers(sequence, "update");
        post
    }

    /// Marks the earlier versions of a post.
    fn supersede(&mut self, post: &Value, id: u64) {
        let history = post["data"]["edit_history_tweet_ids"].as_array().into_iter().flatten();
        let earlier: Vec<u64> =
            history.filter_map(|id| id.as_str()?.parse().ok()).filter(|version| *version != id).collect();
        if !earlier.is_empty() {
            let versions = self.posts.iter_mut().rev().filter(|post| earlier.contains(&post.id));
            versions.for_each(|version| version.superseded = true);
        }
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

    /// Moves the jobs on to where they are now.
    pub(crate) fn settle_jobs(&mut self) {
        self.jobs.settle(now(), &self.redactions);
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
    use serde_json::json;

    use super::*;
    use crate::source::Generator;
    use crate::x::description::{Asked, Spelling};
    use crate::x::hydrate::Wanted;

    fn generate(world: &mut World, generator: &mut Generator, posts: usize) {
        for _ in 0..posts {
            let post = world.post(generator.next(&["coffee".to_owned()]), false);
            generator.posted(&post);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_by_bytes_also_where_a_thousand_rules_match() {
        let rules = (0..1000).map(|id| {
            let (value, rule) = ("coffee".to_owned(), Rule::parse("coffee", Scope::Stream).unwrap());
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
        let rule =
            StreamRule { id: "7".to_owned(), rule: Rule::parse(&value, Scope::Stream).unwrap(), value, tag };
        let mut world = World { rules: vec![Arc::new(rule)], ..World::default() };
        let post = world.post(json!({ "data": { "text": "an apple", "lang": "en" } }), false);
        let wanted = Wanted::new(&Asked::default(), Spelling::Tweets);
        let line = world.posts[0].line(&post, &wanted, 0).bytes;
        let id = &post["data"]["id"];
        let data = json!({ "id": id, "text": "an apple", "edit_history_tweet_ids": [id] });
        let expected = json!({ "data": data, "matching_rules": [{ "id": "7", "tag": "\"a\"" }] });
        assert_eq!(serde_json::from_slice::<Value>(&line).unwrap(), expected);
        assert!(line.ends_with(b"\r\n"));
    }
}
