//! Reading counts.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::counted_hour::{CountedHour, Item};
use super::hour_count::HourCount;
use super::table::StatisticsTable;
use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// How often a request is repeated for items that DynamoDB left out because it was busy.
const ATTEMPTS: u32 = 5;

/// How long is waited before the first of these repetitions; twice as long before each further one.
const BACKOFF: Duration = Duration::from_millis(50);

const ACTION: &str = "read statistics";

impl StatisticsTable {
    /// The most items in one request.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
    pub const ITEMS_A_REQUEST: usize = 100;

    /// The counts of `keyword` from the hour of `from` to that of `to`, both included, in order of time. The read is strongly consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn between(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
    ) -> Result<Vec<HourCount>, TableError> {
        let hours = self.hours_between(keyword, from, to).await?;
        Ok(hours.into_iter().flat_map(|hour| hour.countries).collect())
    }

    /// The same, by minute too.
    pub(super) async fn hours_between(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
    ) -> Result<Vec<CountedHour>, TableError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#keyword = :keyword AND #hour BETWEEN :from AND :to")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_values(":keyword", AttributeValue::S(keyword.to_string()))
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(from.hour()))
            .expression_attribute_values(":to", AttributeValue::S(to.hour()));
        self.items(query).await?.iter().map(|item| self.counted_hour(item)).collect()
    }

    /// The counts of these keywords in these hours, which are given by their starts, in no order; hours without posts are left out. The read is
    /// strongly consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn hours(&self, hours: &BTreeSet<(Keyword, UtcTime)>) -> Result<Vec<CountedHour>, TableError> {
        self.items_at(hours.iter().map(|(keyword, hour)| Self::key(keyword, *hour)).collect()).await
    }

    /// The counts of all keywords in the hour of `at`, in no order. A keyword of which the first post was counted a moment ago may be missing.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn of_all_in_hour(&self, at: UtcTime) -> Result<Vec<CountedHour>, TableError> {
        let keywords = self.keywords_in_hour(at).await?;
        self.items_at(keywords.iter().map(|keyword| Self::key(keyword, at)).collect()).await
    }

    /// The keywords that have counts in the hour of `at`. The read is eventually consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn keywords_in_hour(&self, at: UtcTime) -> Result<Vec<Keyword>, TableError> {
        let query = self.query(Self::SORT_KEY, &at.hour()).index_name(Self::BY_HOUR);
        self.items(query).await?.iter().map(|item| self.keyword(item)).collect()
    }

    /// The hours whose counts changed during the hour of `at`. The read is eventually consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn touched_in(&self, at: UtcTime) -> Result<BTreeSet<UtcTime>, TableError> {
        let query = self.query(Self::TOUCHED, &at.hour()).index_name(Self::BY_TOUCH);
        self.items(query).await?.iter().map(|item| self.hour(item)).collect()
    }

    /// A query for the items whose `attribute` is `value`.
    fn query(&self, attribute: &str, value: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", attribute)
            .expression_attribute_values(":key", AttributeValue::S(value.to_owned()))
    }

    async fn items(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, TableError> {
        let mut items = query.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.map_err(TableError::during(ACTION))?);
        }
        Ok(found)
    }

    /// The items with these keys, which must differ.
    async fn items_at(&self, keys: Vec<Item>) -> Result<Vec<CountedHour>, TableError> {
        let mut found = Vec::new();
        for keys in keys.chunks(Self::ITEMS_A_REQUEST) {
            for item in self.items_of_a_request(keys.to_vec()).await? {
                found.push(self.counted_hour(&item)?);
            }
        }
        Ok(found)
    }

    /// The items with as many keys as a request takes.
    async fn items_of_a_request(&self, keys: Vec<Item>) -> Result<Vec<Item>, TableError> {
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let request = request.map_err(|error| self.invalid_item(&error))?;
        let mut unprocessed = Some(HashMap::from([(self.name.clone(), request)]));
        let mut items = Vec::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
            }
            let request = self.client.batch_get_item().set_request_items(unprocessed.take());
            let answer = request.send().await.map_err(TableError::during(ACTION))?;
            items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            unprocessed = answer.unprocessed_keys;
            if unprocessed.as_ref().is_none_or(HashMap::is_empty) {
                return Ok(items);
            }
        }
        Err(TableError::Throttled { action: ACTION })
    }
}
