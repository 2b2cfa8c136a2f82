//! StatisticsTable: how many posts were collected, by keyword, hour and country.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use crate::keyword::InvalidKeyword;
use crate::{Keyword, Post};
use place::{Country, InvalidCountry};
use service::tables::TableError;
use utc_time::{InvalidTime, UtcTime};

/// The country's name in counts of posts whose country is unknown.
const UNKNOWN: &str = "unknown";

/// StatisticsTable. Its numbers only grow: a removed post adds to `removed` and takes nothing off `collected`, so a
/// value that is published late is never above a later one.
#[derive(Clone, Debug)]
pub struct StatisticsTable {
    client: Client,
    name: String,
}

/// The posts of one keyword, hour and country, counted: an item of StatisticsTable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The keyword.
    pub keyword: Keyword,
    /// The start of the hour.
    pub hour: UtcTime,
    /// The country; none if it is unknown.
    pub country: Option<Country>,
    /// Posts collected so far.
    pub collected: u64,
    /// Posts removed since.
    pub removed: u64,
    /// When the first post was counted.
    pub first_at: UtcTime,
}

impl HourCount {
    /// The country's code, or `unknown`.
    #[must_use]
    pub fn country_name(&self) -> &'static str {
        country_name(self.country.as_ref())
    }
}

impl StatisticsTable {
    /// The partition key: the keyword.
    pub const PARTITION_KEY: &str = "keyword";
    /// The sort key: `2026-11-23T10#LT`.
    pub const SORT_KEY: &str = "hourCountry";
    /// The index by which an hour's counts are read for all keywords; it projects all attributes.
    pub const BY_HOUR: &str = "byHour";
    /// That index's partition key, as in `2026-11-23T10`; its sort key is [`Self::PARTITION_KEY`].
    pub const HOUR: &str = "hour";
    /// The index by which recently changed counts are found; it projects the keys only.
    pub const BY_TOUCH: &str = "byTouch";
    /// That index's partition key: the hour in which `collected` last changed; its sort key is [`Self::HOUR`].
    pub const TOUCHED: &str = "touched";
    /// The number of posts collected.
    const COLLECTED: &str = "collected";
    /// The number of posts removed.
    const REMOVED: &str = "removed";
    /// When the first post was counted.
    const FIRST_AT: &str = "firstAt";

    /// The table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The counts of `keyword` from the hour of `from` to that of `to`, both included, in order of time.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn between(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
    ) -> Result<Vec<HourCount>, TableError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#keyword = :keyword AND #hour BETWEEN :from AND :to")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_values(":keyword", text(keyword.as_str()))
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(format!("{}#", from.hour())))
            // `~` sorts after every country.
            .expression_attribute_values(":to", AttributeValue::S(format!("{}#~", to.hour())));
        self.counts(query).await
    }

    /// The counts of `keyword` in the hour of `at`. The read is strongly consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn in_hour(&self, keyword: &Keyword, at: UtcTime) -> Result<Vec<HourCount>, TableError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#keyword = :keyword AND begins_with(#hour, :hour)")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_values(":keyword", text(keyword.as_str()))
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .expression_attribute_values(":hour", AttributeValue::S(format!("{}#", at.hour())));
        self.counts(query).await
    }

    /// The counts of all keywords in the hour of `at`. The read is eventually consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn of_all_in_hour(&self, at: UtcTime) -> Result<Vec<HourCount>, TableError> {
        self.counts(self.query(Self::HOUR, &at.hour()).index_name(Self::BY_HOUR)).await
    }

    /// The hours whose counts changed during the hour of `at`. The read is eventually consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn touched_in(&self, at: UtcTime) -> Result<BTreeSet<UtcTime>, TableError> {
        let query = self.query(Self::TOUCHED, &at.hour()).index_name(Self::BY_TOUCH);
        let items = self.items(query).await?;
        items.iter().map(|item| self.hour_and_country(item).map(|(hour, _)| hour)).collect()
    }

    /// A query for the items whose `attribute` is `value`.
    fn query(&self, attribute: &str, value: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", attribute)
            .expression_attribute_values(":key", text(value))
    }

    async fn items(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, TableError> {
        let mut items = query.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.map_err(TableError::during("read statistics"))?);
        }
        Ok(found)
    }

    async fn counts(&self, query: QueryFluentBuilder) -> Result<Vec<HourCount>, TableError> {
        self.items(query).await?.iter().map(|item| self.count(item)).collect()
    }

    fn count(&self, item: &Item) -> Result<HourCount, TableError> {
        let (hour, country) = self.hour_and_country(item)?;
        let keyword = self.text(item, Self::PARTITION_KEY)?;
        let first_at = item.get(Self::FIRST_AT).and_then(|value| value.as_s().ok());
        Ok(HourCount {
            keyword: Keyword::try_from(keyword.to_owned())
                .map_err(|error: InvalidKeyword| self.invalid_item(error.to_string()))?,
            hour,
            country,
            collected: self.number(item, Self::COLLECTED)?,
            removed: self.number(item, Self::REMOVED)?,
            first_at: match first_at {
                Some(at) => at.parse().map_err(|error: InvalidTime| self.invalid_item(error.to_string()))?,
                None => hour,
            },
        })
    }

    /// The parts of a transaction that count `posts` as collected at `now`: one for each hour and country.
    pub(crate) fn count_collected(
        &self,
        keyword: &Keyword,
        posts: &[&Post],
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut counts: BTreeMap<String, (u64, UtcTime)> = BTreeMap::new();
        for post in posts {
            counts.entry(Self::sort_key(post)).or_insert((0, post.create_date)).0 += 1;
        }
        counts
            .into_iter()
            .map(|(sort_key, (count, at))| {
                let update = self
                    .adding(keyword, sort_key, Self::COLLECTED, count)
                    .update_expression(
                        "ADD #attribute :count
                         SET #hour = :hour, #touched = :touched, #first = if_not_exists(#first, :now)",
                    )
                    .expression_attribute_names("#hour", Self::HOUR)
                    .expression_attribute_values(":hour", AttributeValue::S(at.hour()))
                    .expression_attribute_names("#touched", Self::TOUCHED)
                    .expression_attribute_values(":touched", AttributeValue::S(now.hour()))
                    .expression_attribute_names("#first", Self::FIRST_AT)
                    .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
                self.write(update)
            })
            .collect()
    }

    /// The part of a transaction that counts a post as removed, in the count with this sort key.
    pub(crate) fn count_removed(
        &self,
        keyword: &Keyword,
        sort_key: String,
    ) -> Result<TransactWriteItem, TableError> {
        let update = self.adding(keyword, sort_key, Self::REMOVED, 1);
        self.write(update.update_expression("ADD #attribute :count"))
    }

    fn adding(&self, keyword: &Keyword, sort_key: String, attribute: &str, count: u64) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.name)
            .key(Self::PARTITION_KEY, text(keyword.as_str()))
            .key(Self::SORT_KEY, AttributeValue::S(sort_key))
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
    }

    fn write(&self, update: UpdateBuilder) -> Result<TransactWriteItem, TableError> {
        let update = update.build().map_err(|error| self.invalid_item(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The sort key of the count that a post is part of.
    pub(crate) fn sort_key(post: &Post) -> String {
        Self::sort_key_of(post.create_date, post.country.as_ref())
    }

    /// The sort key of the count of posts created at `created` in `country`.
    pub(crate) fn sort_key_of(created: UtcTime, country: Option<&Country>) -> String {
        format!("{}#{}", created.hour(), country_name(country))
    }

    /// The parts of an item's sort key.
    fn hour_and_country(&self, item: &Item) -> Result<(UtcTime, Option<Country>), TableError> {
        let sort_key = self.text(item, Self::SORT_KEY)?;
        let invalid = |reason: &dyn fmt::Display| {
            self.invalid_item(format!("{} {sort_key:?}: {reason}", Self::SORT_KEY))
        };
        let (hour, country) = sort_key.split_once('#').ok_or_else(|| invalid(&"it has no country"))?;
        let hour = format!("{hour}:00:00Z").parse().map_err(|error: InvalidTime| invalid(&error))?;
        match country {
            UNKNOWN => Ok((hour, None)),
            code => Ok((hour, Some(code.parse().map_err(|error: InvalidCountry| invalid(&error))?))),
        }
    }

    fn text<'a>(&self, item: &'a Item, attribute: &str) -> Result<&'a str, TableError> {
        let value = item.get(attribute).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or_else(|| self.invalid_item(format!("it has no {attribute}")))
    }

    /// A number of an item; 0 if it was never written.
    fn number(&self, item: &Item, attribute: &str) -> Result<u64, TableError> {
        item.get(attribute).map_or(Ok(0), |value| {
            value
                .as_n()
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| self.invalid_item(format!("{attribute} is not a number")))
        })
    }

    fn invalid_item(&self, reason: String) -> TableError {
        TableError::Item { table: self.name.clone(), reason }
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A country's code, or `unknown`.
pub(crate) fn country_name(country: Option<&Country>) -> &'static str {
    country.map_or(UNKNOWN, Country::as_str)
}
