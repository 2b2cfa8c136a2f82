//! Reading counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::hour_count::{HourCount, UNKNOWN};
use super::known_by::KnownBy;
use super::table::StatisticsTable;
use crate::Keyword;
use crate::keyword::InvalidKeyword;
use place::{Country, InvalidCountry};
use service::tables::TableError;
use utc_time::{InvalidTime, UtcTime};

type Item = HashMap<String, AttributeValue>;

impl StatisticsTable {
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
        // `~` sorts after every country.
        self.counts(self.range(keyword, format!("{}#", from.hour()), format!("{}#~", to.hour()))).await
    }

    /// A query for the items of `keyword` whose sort keys lie between these, both included. The read is strongly consistent.
    pub(super) fn range(&self, keyword: &Keyword, from: String, to: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#keyword = :keyword AND #hour BETWEEN :from AND :to")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_values(":keyword", text(keyword.as_str()))
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(to))
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

    pub(super) async fn items(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, TableError> {
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

    /// How many posts' country is known in each way.
    fn known(&self, item: &Item) -> Result<BTreeMap<KnownBy, u64>, TableError> {
        let mut known = BTreeMap::new();
        for by in KnownBy::ALL {
            // Posts that were stored before this was recorded are taken off all the same when they go.
            let digits = item.get(by.attribute()).and_then(|value| value.as_n().ok());
            let number = digits.map_or(Ok(0), |digits| digits.parse::<i64>());
            let number = number.map_err(|error| self.invalid_item(&error))?;
            if let Ok(number @ 1..) = u64::try_from(number) {
                known.insert(by, number);
            }
        }
        Ok(known)
    }

    fn count(&self, item: &Item) -> Result<HourCount, TableError> {
        let (hour, country) = self.hour_and_country(item)?;
        let first_at = item.get(Self::FIRST_AT).and_then(|value| value.as_s().ok());
        Ok(HourCount {
            keyword: self.keyword(item)?,
            hour,
            country,
            collected: self.number(item, Self::COLLECTED)?,
            removed: self.number(item, Self::REMOVED)?,
            moved: self.number(item, Self::MOVED)?,
            moved_in: self.number(item, Self::MOVED_IN)?,
            superseded: self.number(item, Self::SUPERSEDED)?,
            known: self.known(item)?,
            first_at: match first_at {
                Some(at) => at.parse().map_err(|error: InvalidTime| self.invalid_item(&error))?,
                None => hour,
            },
        })
    }

    /// The parts of an item's sort key.
    fn hour_and_country(&self, item: &Item) -> Result<(UtcTime, Option<Country>), TableError> {
        let sort_key = self.text(item, Self::SORT_KEY)?;
        let invalid = |reason: &dyn fmt::Display| {
            self.invalid_item(&format!("{} {sort_key:?}: {reason}", Self::SORT_KEY))
        };
        let (hour, country) = sort_key.split_once('#').ok_or_else(|| invalid(&"it has no country"))?;
        let hour = format!("{hour}:00:00Z").parse().map_err(|error: InvalidTime| invalid(&error))?;
        match country {
            UNKNOWN => Ok((hour, None)),
            code => Ok((hour, Some(code.parse().map_err(|error: InvalidCountry| invalid(&error))?))),
        }
    }

    /// The keyword of an item.
    pub(super) fn keyword(&self, item: &Item) -> Result<Keyword, TableError> {
        let keyword = self.text(item, Self::PARTITION_KEY)?.to_owned();
        keyword.try_into().map_err(|error: InvalidKeyword| self.invalid_item(&error))
    }

    pub(super) fn text<'a>(&self, item: &'a Item, attribute: &str) -> Result<&'a str, TableError> {
        let value = item.get(attribute).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or_else(|| self.invalid_item(&format!("it has no {attribute}")))
    }

    /// A number of an item; 0 if it was never written.
    pub(super) fn number(&self, item: &Item, attribute: &str) -> Result<u64, TableError> {
        item.get(attribute).map_or(Ok(0), |value| {
            value
                .as_n()
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| self.invalid_item(&format!("{attribute} is not a number")))
        })
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
