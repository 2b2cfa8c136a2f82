//! What has been taken back of posts and users.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many posts and users are known to be taken back; those with the lowest ids are forgotten first.
const POSTS_KEPT: usize = 100_000;
const USERS_KEPT: usize = 10_000;

/// What has been taken back of a post or user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Redaction {
    pub(crate) reason: Reason,
    pub(crate) at: Timestamp,
}

/// Why a post, or its place, is no longer there.
/// <https://docs.x.com/x-api/compliance/batch-compliance/quickstart>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Its author has deleted it.
    Deleted,
    /// Its author's account is suspended.
    Suspended,
    /// Its author's account has become private.
    Protected,
    /// It has failed one of X's checks.
    Bounced,
    /// Its author has removed its place.
    ScrubGeo,
}

impl Reason {
    /// Whether the post is gone, and not only its place.
    pub(crate) fn hides(self) -> bool {
        self != Self::ScrubGeo
    }

    /// Whether it befalls all posts of an author.
    pub(crate) fn is_of_author(self) -> bool {
        matches!(self, Self::Suspended | Self::Protected)
    }
}

/// A post or user of which something has been taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Redacted {
    pub(crate) created_at: Timestamp,
    pub(crate) redaction: Redaction,
}

/// Everything that has been taken back: remembered for longer than the posts themselves, since compliance asks about
/// old posts.
#[derive(Debug, Default)]
pub(crate) struct Redactions {
    posts: BTreeMap<u64, Redacted>,
    users: BTreeMap<u64, Redacted>,
}

impl Redactions {
    pub(crate) fn add_post(&mut self, id: u64, redacted: Redacted) {
        add(&mut self.posts, POSTS_KEPT, id, redacted);
    }

    pub(crate) fn add_user(&mut self, id: u64, redacted: Redacted) {
        add(&mut self.users, USERS_KEPT, id, redacted);
    }

    pub(crate) fn post(&self, id: u64) -> Option<&Redacted> {
        self.posts.get(&id)
    }

    pub(crate) fn user(&self, id: u64) -> Option<&Redacted> {
        self.users.get(&id)
    }
}

fn add(all: &mut BTreeMap<u64, Redacted>, most: usize, id: u64, redacted: Redacted) {
    all.insert(id, redacted);
    if all.len() > most {
        all.pop_first();
    }
}
