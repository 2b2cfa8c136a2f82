//! What a source of posts must be able to do. A source knows nothing about tables, buffers and budgets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::BoxStream;
use posts::Keyword;
use posts::sources::{Head, Sent};
use stream::gaps::{HealedBy, Period, Unfetchable};
use stream::history::History;
use utc_time::UtcTime;

use super::arrival::Item;
use super::backoff::BackoffRules;
use super::failure::Failure;
use super::rate_limits::ConnectQuota;

/// A source of posts: streams to read, and pages from which missed posts are fetched.
pub trait Source: Clone + Send + Sync + 'static {
    /// How late the source delivers a post, at most: a post may be older by this much than one that was read before it.
    const LATENESS: Duration;

    /// How long a stream may be silent, without even a keep-alive.
    const SILENCE: Duration;

    /// How long after it was written a post can certainly be fetched.
    const FETCHABLE_AFTER: Duration;

    /// What heals a gap.
    const HEALED_BY: HealedBy;

    /// The kinds of posts that it delivers and that cannot be fetched afterwards.
    const UNFETCHABLE: &[Unfetchable];

    /// The fewest and the most posts that a page may be requested to hold.
    const PAGE: (u64, u64);

    /// How many connections may be opened.
    const CONNECTS: ConnectQuota;

    /// How long to wait after failures.
    const BACKOFF: BackoffRules;

    /// The connections that reading these keywords takes, by name, and the keywords that each of them carries. A keyword that no
    /// connection carries is one too many.
    fn connections(requested: &RequestedKeywords) -> BTreeMap<String, RequestedKeywords>;

    /// The source as one of those connections uses it.
    #[must_use]
    fn on(&self, connection: &str) -> Self;

    /// Makes the source deliver the posts of `keywords` and of no others.
    fn select(
        &self,
        keywords: &RequestedKeywords,
        extent: Extent,
    ) -> impl Future<Output = Result<Selection, Failure>> + Send;

    /// Opens the stream. `missing_from` says since when posts are missing, if the stream was ever read.
    fn connect(
        &self,
        missing_from: Option<UtcTime>,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send;

    /// What the source itself has counted; `None` if it does not count.
    fn usage(&self) -> impl Future<Output = Option<Result<Usage, Failure>>> + Send {
        std::future::ready(None)
    }

    /// How far back posts can be fetched; `None` without a limit. It may change.
    fn fetchable_for(&self) -> Option<Duration> {
        None
    }

    /// How far back the source delivers again what its stream delivered, all keywords at once; `None` if it does not.
    fn recovery_reach(&self) -> Option<Duration> {
        None
    }

    /// Delivers again what the stream delivered in `period`, and ends then. Called only within [`Source::recovery_reach`].
    fn recover(
        &self,
        _period: Period,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<Vec<Item>, Failure>>, Failure>> + Send {
        std::future::ready(Err(Failure::Final("the source delivers nothing again".to_owned())))
    }

    /// How long the source asks to wait before the next page of posts that were written in `period` can be fetched.
    fn fetch_wait(&self, _period: Period, _now: UtcTime) -> Duration {
        Duration::ZERO
    }

    /// Fetches a page of at most `most` posts of `keyword` that were written in `period`; `page` is the [`Rest::page`] of the previous
    /// page of the same period.
    fn fetch(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> impl Future<Output = Result<FetchedPage, Failure>> + Send;
}

/// The keywords that are requested.
pub type RequestedKeywords = BTreeMap<Keyword, KeywordState>;

/// The state of a requested keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeywordState {
    /// Since when it has been requested.
    pub since: UtcTime,
    /// Since when its posts are missing and no gap says so; `None` if they are missing since the cursor.
    pub missing_from: Option<UtcTime>,
    /// Whether reposts are collected.
    pub reposts: bool,
    /// Until when they were collected, if they are not any more.
    pub reposts_until: Option<UtcTime>,
    /// How many posts it may bring in a day (UTC), if it has a budget of its own.
    pub max_posts_a_day: Option<u64>,
    /// Until when recorded gaps cover that it is not read because that budget is used up.
    pub paused_until: Option<UtcTime>,
    /// Whether it is not to be read now, for that reason.
    pub is_paused: bool,
    /// The posts from before it was requested that are requested too.
    pub history: Option<History>,
    /// Whether a gap on record says what became of that history.
    pub history_is_on_record: bool,
}

impl KeywordState {
    /// A keyword that has been requested since then, with reposts and without a history.
    #[must_use]
    pub fn new(since: UtcTime) -> Self {
        Self {
            since,
            missing_from: None,
            reposts: true,
            reposts_until: None,
            max_posts_a_day: None,
            paused_until: None,
            is_paused: false,
            history: None,
            history_is_on_record: false,
        }
    }

    /// Whether reposts were requested at any time since `from`.
    pub(crate) fn had_reposts(&self, from: UtcTime) -> bool {
        self.reposts || self.reposts_until.is_some_and(|until| until > from)
    }

    /// Whether a post that the source delivers for the keyword is to be collected.
    pub(crate) fn includes(&self, post: &Head) -> bool {
        self.reposts || !post.is_repost
    }
}

/// How much of a selection must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As much as it takes to connect.
    ToConnect,
    /// All of it.
    Whole,
}

/// What a source delivers after a selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The keywords whose posts it delivers.
    pub delivered: BTreeSet<Keyword>,
    /// The keywords that it does not deliver yet as they are requested now.
    pub outdated: BTreeSet<Keyword>,
    /// The keywords that it still delivers, and perhaps charges for, although nobody requests them any more.
    pub unwanted: BTreeSet<Keyword>,
    /// The keywords that it refused.
    pub refused: Vec<Refusal>,
    /// Why not all of it was done, if so. What was done stays.
    pub incomplete: Option<Failure>,
}

/// A keyword that a source refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The keyword.
    pub keyword: Keyword,
    /// The reason, for people to read.
    pub reason: String,
}

/// An open stream.
pub struct Connection {
    /// Its items; items that arrived together come together. It ends when the source closes it.
    pub items: BoxStream<'static, Result<Vec<Item>, Failure>>,
    /// Since when the source delivers missed posts again, if it does.
    pub backfilled_from: Option<UtcTime>,
}

/// Posts that were fetched.
#[derive(Debug)]
pub struct FetchedPage {
    /// The posts.
    pub posts: Vec<Sent>,
    /// What follows; `None` on the last page.
    pub rest: Option<Rest>,
}

/// The posts that the source itself has counted, for everything that shares the account. Any of it may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// On this day (UTC).
    pub today: Option<u64>,
    /// In the source's current cycle.
    pub this_cycle: Option<u64>,
    /// How many it allows in a cycle.
    pub cap: Option<u64>,
    /// The day of the month on which a cycle begins.
    pub cap_reset_day: Option<u64>,
}

/// What follows a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Asks for the next page.
    pub page: String,
    /// The period whose posts are on the pages that follow, for an attempt that begins anew.
    pub period: Period,
}
