//! What a source of posts must be able to do. It knows nothing of our tables, buffers and budgets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::BoxStream;
use posts::{Keyword, Post};
use stream::gaps::HealedBy;
use utc_time::UtcTime;

use super::arrival::Item;
use super::backoff::BackoffRules;
use super::failure::Failure;
use super::rate_limits::ConnectQuota;

/// A source of posts: streams to read, and pages from which what was missed is fetched.
pub trait Source: Clone + Send + Sync + 'static {
    /// How late the source delivers a post, at most: what is read now may be older by this much than what was read
    /// before.
    const LATENESS: Duration;

    /// How long a stream may say nothing, not even that it is alive.
    const SILENCE: Duration;

    /// How soon after it was made a post can surely be fetched.
    const FETCHABLE_AFTER: Duration;

    /// How far back posts can be fetched; none if there is no end.
    const FETCHABLE_FOR: Option<Duration>;

    /// What heals a gap.
    const HEALED_BY: HealedBy;

    /// How many posts a page may be asked for: at least, and at most.
    const PAGE: (u64, u64);

    /// How many connections may be opened.
    const CONNECTS: ConnectQuota;

    /// How long to wait after failures.
    const BACKOFF: BackoffRules;

    /// The connections that it takes to read these keywords, and which keywords each of them carries. A keyword that no
    /// connection carries is one too many.
    fn connections(requested: &RequestedKeywords) -> BTreeMap<String, RequestedKeywords>;

    /// The source as one of those connections uses it.
    #[must_use]
    fn on(&self, connection: &str) -> Self;

    /// Makes the source deliver the posts of `keywords` and of no others.
    fn select(
        &self,
        keywords: &BTreeSet<Keyword>,
        extent: Extent,
    ) -> impl Future<Output = Result<Selection, Failure>> + Send;

    /// Opens the stream. `missing_from` is from when on posts are missing, if the stream was ever read.
    fn connect(
        &self,
        missing_from: Option<UtcTime>,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send;

    /// Fetches a page of at most `most` posts of `keyword` that were made from `from` up to `to`; `page` is what the
    /// page before called [`FetchedPage::next`].
    fn fetch(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
        page: Option<&str>,
        most: u64,
    ) -> impl Future<Output = Result<FetchedPage, Failure>> + Send;
}

/// The keywords that are requested.
pub type RequestedKeywords = BTreeMap<Keyword, KeywordState>;

/// What must be known of a requested keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeywordState {
    /// Since when it is requested.
    pub since: UtcTime,
    /// From when on its posts are missing and no gap says so; none if they are where the cursor is.
    pub missing_from: Option<UtcTime>,
}

/// How much of a selection must be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As much as it takes to connect.
    ToConnect,
    /// All of it.
    Whole,
}

/// What a source delivers from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The keywords whose posts it delivers.
    pub delivered: BTreeSet<Keyword>,
    /// Those that it refused just now.
    pub refused: Vec<Refusal>,
}

/// A keyword that a source refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The keyword.
    pub keyword: Keyword,
    /// Why, for people to read.
    pub reason: String,
}

/// An open stream.
pub struct Connection {
    /// What it says: the items that arrived together are together. It ends when the source closes it.
    pub items: BoxStream<'static, Result<Vec<Item>, Failure>>,
    /// From when on the source delivers again what was posted, if it does.
    pub backfilled_from: Option<UtcTime>,
}

/// Posts that were fetched.
#[derive(Debug)]
pub struct FetchedPage {
    /// The posts.
    pub posts: Vec<Post>,
    /// Asks for the next page; none on the last one.
    pub next: Option<String>,
}
