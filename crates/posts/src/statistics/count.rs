//! Counting posts: parts of the transactions that store and remove them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::hour_count::{sort_key, sort_key_of};
use super::table::StatisticsTable;
use crate::{Keyword, Post};
use place::Country;
use service::tables::TableError;
use utc_time::UtcTime;

impl StatisticsTable {
    /// The parts of a transaction that count `posts` as collected at `now`: one for each hour and country.
    pub(crate) fn count_collected(
        &self,
        keyword: &Keyword,
        posts: &[&Post],
        now: UtcTime,
    ) -> Result<Vec<TransactWriteItem>, TableError> {
        let mut counts: BTreeMap<String, (u64, UtcTime)> = BTreeMap::new();
        for post in posts {
            counts.entry(sort_key(post)).or_insert((0, post.create_date)).0 += 1;
        }
        let counts = counts.into_iter();
        counts.map(|(sort_key, (count, at))| self.collecting(keyword, sort_key, count, at, now)).collect()
    }

    /// The parts of a transaction that count a post that was created at `created` as of an unknown country from now on, and no
    /// longer as of `country`.
    pub(crate) fn count_moved(
        &self,
        keyword: &Keyword,
        created: UtcTime,
        country: &Country,
        now: UtcTime,
    ) -> Result<[TransactWriteItem; 2], TableError> {
        let from = self.adding(keyword, sort_key_of(created, Some(country)), Self::MOVED, 1);
        let from = self.write(from.update_expression("ADD #attribute :count"))?;
        Ok([from, self.collecting(keyword, sort_key_of(created, None), 1, created, now)?])
    }

    /// The part of a transaction that counts `count` posts, created in the hour of `at`, in the count with this sort key.
    fn collecting(
        &self,
        keyword: &Keyword,
        sort_key: String,
        count: u64,
        at: UtcTime,
        now: UtcTime,
    ) -> Result<TransactWriteItem, TableError> {
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
            .key(Self::PARTITION_KEY, AttributeValue::S(keyword.to_string()))
            .key(Self::SORT_KEY, AttributeValue::S(sort_key))
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
    }

    fn write(&self, update: UpdateBuilder) -> Result<TransactWriteItem, TableError> {
        let update = update.build().map_err(|error| self.invalid_item(&error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
