//! What a kind of stream must be able to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use posts::{Keyword, Post, PostId};
use stream::gaps::HealedBy;
use utc_time::UtcTime;

use crate::read::Desired;
use crate::reconnect::Class;

/// A stream of posts that is read over HTTP, and what heals its gaps.
pub(crate) trait Source: Clone + Send + Sync + 'static {
    /// How late the source delivers a post, at most: what is read now may be older than what was
    /// read before by this much.
    const LATENESS: Duration;

    /// How soon after it was made a post can surely be fetched again.
    const SETTLED: Duration;

    /// How far back posts can be fetched again.
    const REACH: Option<Duration>;

    /// What heals a gap.
    const HEALS: HealedBy;

    /// How many posts can be asked for at once: at least, and at most.
    const PAGE: (u64, u64);

    /// The connections that it takes to read these keywords, and which of them each one carries.
    fn connections(desired: &Desired) -> BTreeMap<String, Desired>;

    /// The source as one of those connections uses it.
    fn on(&self, connection: &str) -> Self;

    /// Makes the source deliver the posts of `desired` and no others; tells which of them it delivers
    /// now. What it refuses is noted at the keyword.
    fn follow(
        &self,
        desired: &BTreeSet<Keyword>,
        must: Must,
    ) -> impl Future<Output = Result<BTreeSet<Keyword>, Failure>> + Send;

    /// Opens the stream. `missing_from` is from when on posts are missing, if the stream was ever read.
    fn connect(
        &self,
        missing_from: Option<UtcTime>,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send;

    /// A page of at most `most` posts of `keyword` made from `from` up to `to`.
    fn page(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        next: Option<&str>,
        most: u64,
    ) -> impl Future<Output = Result<Page, Failure>> + Send;
}

/// How much of what is desired must be seen to before connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Must {
    /// As much as it takes to connect.
    Connect,
    /// All of it.
    Everything,
}

/// An open stream.
pub(crate) struct Connection {
    pub(crate) answer: reqwest::Response,
    pub(crate) decoder: Box<dyn Decoder>,
    /// From when on the source delivers again what was posted, if it does.
    pub(crate) backfilled_from: Option<UtcTime>,
}

/// Makes items of bytes, wherever their chunks begin and end.
pub(crate) trait Decoder: Send {
    /// The items that this chunk ends.
    fn push(&mut self, chunk: &[u8]) -> Vec<Item>;
}

/// What a stream says.
#[derive(Debug, PartialEq)]
pub(crate) enum Item {
    /// It is alive and has nothing else to say.
    Alive,
    /// A post, and the keywords it was delivered for.
    Post(Box<Post>, BTreeSet<Keyword>),
    /// A post was taken back, and the keywords for which that was delivered.
    Removed(PostId, BTreeSet<Keyword>),
    /// Its own word that it ends, and why.
    Ended(String),
}

/// Posts that were fetched again.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) posts: Vec<Post>,
    /// How to ask for the next page, if there is one.
    pub(crate) next: Option<String>,
}

/// Why something did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// It may succeed later.
    #[error("{reason}")]
    Passing {
        /// How long to wait.
        class: Class,
        /// What happened.
        reason: String,
    },
    /// Asking the same again will not help.
    #[error("{reason}")]
    Final {
        /// The HTTP status, where the source answered.
        status: Option<u16>,
        /// What happened.
        reason: String,
    },
}

impl Failure {
    pub(crate) fn passing(class: Class, reason: impl Into<String>) -> Self {
        Self::Passing { class, reason: reason.into() }
    }

    /// Something that is wrong on our side.
    pub(crate) fn ours(reason: impl Into<String>) -> Self {
        Self::Final { status: None, reason: reason.into() }
    }

    /// Whether the source refused what was asked for, not who asks.
    pub(crate) fn is_about_the_request(&self) -> bool {
        matches!(self, Self::Final { status: Some(400 | 409 | 413 | 414 | 422), .. })
    }
}
