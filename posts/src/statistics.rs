//! StatisticsTable: how many posts were collected, by keyword, hour and country.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use crate::{Country, Keyword, Post, TableError, UtcTime};

/// How a count names the posts whose country is not known.
const UNKNOWN: &str = "unknown";

/// StatisticsTable. Its numbers only grow: a removed post is counted as `removed`, never taken off
/// `collected`, so that a count stated late can never be above a later one.
#[derive(Clone, Debug)]
pub struct StatisticsTable {
    client: Client,
    name: String,
}

/// What was counted for one country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountryCount {
    /// The country; none where it is not known.
    pub country: Option<Country>,
    /// Posts collected so far.
    pub collected: u64,
    /// Posts removed since.
    pub removed: u64,
}

impl CountryCount {
    /// The posts that are there: collected and not removed.
    #[must_use]
    pub fn tweets(&self) -> u64 {
        self.collected.saturating_sub(self.removed)
    }

    /// The country's code, or `unknown`.
    #[must_use]
    pub fn country_name(&self) -> &'static str {
        self.country.as_ref().map_or(UNKNOWN, Country::as_str)
    }
}

impl StatisticsTable {
    /// The partition key: the keyword.
    pub const PARTITION_KEY: &str = "keyword";
    /// The sort key: `2026-11-23T10#LT`.
    pub const SORT_KEY: &str = "hourCountry";
    /// The number of posts collected.
    const COLLECTED: &str = "collected";
    /// The number of posts removed.
    const REMOVED: &str = "removed";

    /// The table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// What was collected under `keyword` in all hours, a row a country, the most posts first.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn by_country(&self, keyword: &Keyword) -> Result<Vec<CountryCount>, TableError> {
        self.sum(keyword, "").await
    }

    /// What was collected under `keyword` in the hour of `at`, a row a country, the most posts first.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn in_hour(&self, keyword: &Keyword, at: UtcTime) -> Result<Vec<CountryCount>, TableError> {
        self.sum(keyword, &format!("{}#", at.hour())).await
    }

    /// Sums the items of `keyword` whose sort key begins with `prefix`.
    async fn sum(&self, keyword: &Keyword, prefix: &str) -> Result<Vec<CountryCount>, TableError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_values(":keyword", text(keyword.as_str()));
        query = if prefix.is_empty() {
            query.key_condition_expression("#keyword = :keyword")
        } else {
            query
                .key_condition_expression("#keyword = :keyword AND begins_with(#hour, :hour)")
                .expression_attribute_names("#hour", Self::SORT_KEY)
                .expression_attribute_values(":hour", text(prefix))
        };
        let mut items = query.into_paginator().items().send();
        let mut by_country: BTreeMap<Option<Country>, CountryCount> = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(TableError::during("read statistics"))?;
            let country = self.country_of(&item)?;
            let count =
                by_country.entry(country).or_insert(CountryCount { country, ..CountryCount::default() });
            count.collected += self.number(&item, Self::COLLECTED)?;
            count.removed += self.number(&item, Self::REMOVED)?;
        }
        let mut counts: Vec<_> = by_country.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.tweets()));
        Ok(counts)
    }

    /// The writes that count `posts` as collected: one for each hour and country.
    pub(crate) fn counting(
        &self,
        keyword: &Keyword,
        posts: &[&Post],
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for post in posts {
            *counts.entry(Self::sort_key(post)).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|(sort_key, count)| self.adding(keyword, sort_key, Self::COLLECTED, count))
            .collect()
    }

    /// The write that counts a post as removed, where it was counted as collected.
    pub(crate) fn removing(
        &self,
        keyword: &Keyword,
        sort_key: String,
    ) -> Result<TransactWriteItem, TableError> {
        self.adding(keyword, sort_key, Self::REMOVED, 1)
    }

    fn adding(
        &self,
        keyword: &Keyword,
        sort_key: String,
        attribute: &str,
        count: u64,
    ) -> Result<TransactWriteItem, TableError> {
        let update = Update::builder()
            .table_name(&self.name)
            .key(Self::PARTITION_KEY, text(keyword.as_str()))
            .key(Self::SORT_KEY, AttributeValue::S(sort_key))
            .update_expression("ADD #attribute :count")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
            .build()
            .map_err(|error| self.broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The sort key under which a post is counted.
    pub(crate) fn sort_key(post: &Post) -> String {
        Self::sort_key_of(post.create_date, post.country.as_ref())
    }

    /// The sort key under which posts made at `made` in `country` are counted.
    pub(crate) fn sort_key_of(made: UtcTime, country: Option<&Country>) -> String {
        format!("{}#{}", made.hour(), country.map_or(UNKNOWN, Country::as_str))
    }

    fn country_of(&self, item: &Item) -> Result<Option<Country>, TableError> {
        let sort_key = item
            .get(Self::SORT_KEY)
            .and_then(|value| value.as_s().ok())
            .ok_or_else(|| self.broken(format!("no {}", Self::SORT_KEY)))?;
        match sort_key.split_once('#') {
            Some((_, UNKNOWN)) => Ok(None),
            Some((_, code)) => code.parse().map(Some).map_err(|reason| self.broken(reason)),
            None => Err(self.broken(format!("{} is {sort_key:?}", Self::SORT_KEY))),
        }
    }

    /// A number of an item; one that was never written is 0.
    fn number(&self, item: &Item, attribute: &str) -> Result<u64, TableError> {
        item.get(attribute).map_or(Ok(0), |value| {
            value
                .as_n()
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| self.broken(format!("{attribute} is no number")))
        })
    }

    fn broken(&self, reason: String) -> TableError {
        TableError::Item { table: self.name.clone(), reason }
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
