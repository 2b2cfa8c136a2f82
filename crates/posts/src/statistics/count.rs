//! Counting posts: parts of the transactions that store, remove, replace and change them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::hour_count::sort_key_of;
use super::known_by::KnownBy;
use super::minutes::{COLLECTED, MINUTES, REMOVED, SUPERSEDED, attribute, minute_of, sort_key_of_minutes};
use super::table::StatisticsTable;
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

/// What is added to the numbers of one count.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    collected: i64,
    removed: i64,
    moved: i64,
    moved_in: i64,
    superseded: i64,
    /// By how the country is known, in the order of [`KnownBy::ALL`].
    known: [i64; KnownBy::ALL.len()],
}

/// What is added to the numbers of one minute, whatever the country.
#[derive(Clone, Copy, Debug, Default)]
struct AddedToMinute {
    collected: i64,
    removed: i64,
    superseded: i64,
}

/// What is added to the counts of a keyword in one transaction, which may name an item only once.
#[derive(Debug, Default)]
struct Changes {
    /// By hour and country.
    counts: BTreeMap<String, (UtcTime, Added)>,
    /// By hour.
    minutes: BTreeMap<String, [AddedToMinute; MINUTES]>,
}

impl Countable {
    pub(crate) fn of(post: &Post, is_superseded: bool) -> Self {
        Self { created: post.create_date, country: post.country, known_by: KnownBy::of(post), is_superseded }
    }

    fn superseded(self) -> i64 {
        i64::from(self.is_superseded)
    }
}

impl Changes {
    /// What is added to the count in which a post is counted.
    fn of(&mut self, post: Countable) -> &mut Added {
        let key = sort_key_of(post.created, post.country.as_ref());
        &mut self.counts.entry(key).or_insert((post.created, Added::default())).1
    }

    /// What is added to the minute of a post.
    fn minute(&mut self, post: Countable) -> &mut AddedToMinute {
        let minutes = self.minutes.entry(sort_key_of_minutes(post.created));
        &mut minutes.or_insert([AddedToMinute::default(); MINUTES])[minute_of(post.created)]
    }

    /// Counts a post as one of those that are stored in no newer version, or no longer.
    fn newest(&mut self, post: Countable, by: i64) {
        if let Some(known_by) = post.known_by.filter(|_| !post.is_superseded) {
            let known = &mut self.of(post).known;
            for (number, _) in known.iter_mut().zip(KnownBy::ALL).filter(|(_, each)| *each == known_by) {
                *number += by;
            }
        }
    }
}

impl StatisticsTable {
    /// The parts of a transaction that count posts as collected at `now`, and others, which were counted before, as superseded: one for each
    /// hour and country, and one for each hour.
    pub(crate) fn count_posts(
        &self,
        keyword: &Keyword,
        collected: &[Countable],
        superseded: &[Countable],
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut changes = Changes::default();
        for post in collected {
            let count = changes.of(*post);
            count.collected += 1;
            count.superseded += post.superseded();
            let minute = changes.minute(*post);
            minute.collected += 1;
            minute.superseded += post.superseded();
            changes.newest(*post, 1);
        }
        for post in superseded {
            changes.of(*post).superseded += 1;
            changes.minute(*post).superseded += 1;
            changes.newest(*post, -1);
        }
        self.writes(keyword, changes, now)
    }

    /// The parts of a transaction that count a post as removed.
    pub(crate) fn count_removed(
        &self,
        keyword: &Keyword,
        post: Countable,
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut changes = Changes::default();
        *changes.of(post) = Added { removed: 1, superseded: -post.superseded(), ..Added::default() };
        let minute = changes.minute(post);
        minute.removed += 1;
        minute.superseded -= post.superseded();
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
        *changes.of(post) = Added { moved: 1, superseded: -post.superseded(), ..Added::default() };
        changes.newest(post, -1);
        let unknown = Countable { country: None, known_by: None, ..post };
        *changes.of(unknown) =
            Added { collected: 1, moved_in: 1, superseded: post.superseded(), ..Added::default() };
        self.writes(keyword, changes, now)
    }

    fn writes(
        &self,
        keyword: &Keyword,
        Changes { counts, minutes }: Changes,
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let counts = counts.into_iter().map(|(sort_key, (at, added))| {
            let Added { collected, removed, moved, moved_in, superseded, known } = added;
            let numbers = [
                (Self::COLLECTED, collected),
                (Self::REMOVED, removed),
                (Self::MOVED, moved),
                (Self::MOVED_IN, moved_in),
                (Self::SUPERSEDED, superseded),
            ];
            let known = KnownBy::ALL.into_iter().zip(known).map(|(by, number)| (by.attribute(), number));
            let numbers = numbers.into_iter().chain(known).map(|(name, number)| (name.to_owned(), number));
            let (mut update, mut expression) = self.addition(keyword, sort_key, numbers);
            if collected > 0 {
                expression += " SET #hour = :hour, #touched = :touched, #first = if_not_exists(#first, :now)";
                update = update
                    .expression_attribute_names("#hour", Self::HOUR)
                    .expression_attribute_values(":hour", AttributeValue::S(at.hour()))
                    .expression_attribute_names("#touched", Self::TOUCHED)
                    .expression_attribute_values(":touched", AttributeValue::S(now.hour()))
                    .expression_attribute_names("#first", Self::FIRST_AT)
                    .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
            }
            update.update_expression(expression).build()
        });
        let minutes = minutes.into_iter().map(|(sort_key, minutes)| {
            let numbers = minutes.into_iter().enumerate().flat_map(|(minute, added)| {
                let AddedToMinute { collected, removed, superseded } = added;
                [(COLLECTED, collected), (REMOVED, removed), (SUPERSEDED, superseded)]
                    .map(|(letter, number)| (attribute(letter, minute), number))
            });
            let (update, expression) = self.addition(keyword, sort_key, numbers);
            update.update_expression(expression).build()
        });
        let writes = counts.chain(minutes).map(|update| {
            let update = update.map_err(|error| self.invalid_item(&error))?;
            Ok(TransactWriteItem::builder().update(update).build())
        });
        writes.collect()
    }

    /// An update that adds numbers to attributes of an item, and its expression so far.
    fn addition(
        &self,
        keyword: &Keyword,
        sort_key: String,
        numbers: impl Iterator<Item = (String, i64)>,
    ) -> (UpdateBuilder, String) {
        let mut update = Update::builder()
            .table_name(&self.name)
            .key(Self::PARTITION_KEY, AttributeValue::S(keyword.to_string()))
            .key(Self::SORT_KEY, AttributeValue::S(sort_key));
        let mut additions = Vec::new();
        for (attribute, number) in numbers.filter(|(_, number)| *number != 0) {
            let (name, value) = (format!("#{attribute}"), format!(":{attribute}"));
            additions.push(format!("{name} {value}"));
            update = update
                .expression_attribute_names(name, attribute)
                .expression_attribute_values(value, AttributeValue::N(number.to_string()));
        }
        (update, format!("ADD {}", additions.join(", ")))
    }
}
