//! Counting posts: parts of the transactions that store, remove, replace and change them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::attributes::{Attribute, Number};
use super::known_by::KnownBy;
use super::minutes::minute_of;
use super::table::StatisticsTable;
use super::update::Expression;
use crate::{Keyword, Post};
use place::Country;
use service::tables::TableError;
use utc_time::UtcTime;

/// What decides in which numbers a stored post is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Countable {
    /// When it was created.
    pub(crate) created: UtcTime,
    /// Its country.
    pub(crate) country: Option<Country>,
    /// How its country is known.
    pub(crate) known_by: Option<KnownBy>,
    /// Whether a newer version of it is stored.
    pub(crate) is_superseded: bool,
}

/// What is added to the numbers of a keyword in one transaction, by the start of the hour: a transaction may name an item only once.
#[derive(Debug, Default)]
pub(super) struct Changes(pub(super) BTreeMap<UtcTime, BTreeMap<Attribute, i64>>);

impl Countable {
    pub(crate) fn of(post: &Post, is_superseded: bool) -> Self {
        Self { created: post.create_date, country: post.country, known_by: KnownBy::of(post), is_superseded }
    }

    fn superseded(self) -> i64 {
        i64::from(self.is_superseded)
    }

    /// A number of its country.
    pub(super) fn in_country(self, number: Number) -> Attribute {
        Attribute::Country(self.country, number)
    }

    /// A number of its minute.
    pub(super) fn in_minute(self, number: Number) -> Attribute {
        Attribute::Minute(minute_of(self.created), number)
    }
}

impl Changes {
    /// Counts posts as collected, and others, which were counted before, as superseded.
    pub(super) fn counting(collected: &[Countable], superseded: &[Countable]) -> Self {
        let mut changes = Self::default();
        for post in collected {
            changes.add_to_both(*post, Number::Collected, 1);
            changes.add_to_both(*post, Number::Superseded, post.superseded());
            changes.newest(*post, 1);
        }
        for post in superseded {
            changes.add_to_both(*post, Number::Superseded, 1);
            changes.newest(*post, -1);
        }
        changes
    }

    /// Adds to a number of the hour in which a post is counted.
    fn add(&mut self, post: Countable, attribute: Attribute, by: i64) {
        let hour = self.0.entry(post.created.start_of_hour()).or_default();
        *hour.entry(attribute).or_default() += by;
    }

    /// Adds to a number of the post's country and to that of its minute.
    fn add_to_both(&mut self, post: Countable, number: Number, by: i64) {
        self.add(post, post.in_country(number), by);
        self.add(post, post.in_minute(number), by);
    }

    /// Counts a post as one of those that are stored in no newer version, or no longer.
    fn newest(&mut self, post: Countable, by: i64) {
        if let Some(known_by) = post.known_by.filter(|_| !post.is_superseded) {
            self.add(post, post.in_country(Number::Known(known_by)), by);
        }
    }
}

impl StatisticsTable {
    /// The parts of a transaction that count posts as collected at `now`, and others, which were counted before, as superseded: one for each
    /// hour.
    pub(crate) fn count_posts(
        &self,
        keyword: &Keyword,
        collected: &[Countable],
        superseded: &[Countable],
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        self.writes(keyword, Changes::counting(collected, superseded), now)
    }

    /// The parts of a transaction that count a post as removed.
    pub(crate) fn count_removed(
        &self,
        keyword: &Keyword,
        post: Countable,
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut changes = Changes::default();
        changes.add_to_both(post, Number::Removed, 1);
        changes.add_to_both(post, Number::Superseded, -post.superseded());
        changes.newest(post, -1);
        self.writes(keyword, changes, now)
    }

    /// The parts of a transaction that count a post as of an unknown country from now on, and no longer as of its own.
    pub(crate) fn count_moved(
        &self,
        keyword: &Keyword,
        post: Countable,
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut changes = Changes::default();
        changes.add(post, post.in_country(Number::Moved), 1);
        changes.add(post, post.in_country(Number::Superseded), -post.superseded());
        changes.newest(post, -1);
        let unknown = Countable { country: None, known_by: None, ..post };
        changes.add(unknown, unknown.in_country(Number::Collected), 1);
        changes.add(unknown, unknown.in_country(Number::MovedIn), 1);
        changes.add(unknown, unknown.in_country(Number::Superseded), post.superseded());
        self.writes(keyword, changes, now)
    }

    fn writes(
        &self,
        keyword: &Keyword,
        Changes(hours): Changes,
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let updates = hours
            .into_iter()
            .map(|(hour, added)| self.update(keyword, hour, Expression::adding(added, hour, now)));
        updates.map(|update| Ok(TransactWriteItem::builder().update(update?).build())).collect()
    }
}
