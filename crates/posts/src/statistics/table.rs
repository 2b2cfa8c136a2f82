//! StatisticsTable itself: its keys, and what its items promise.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// StatisticsTable: one item for each keyword and hour, which counts its posts by country and by minute.
///
/// The numbers that are published only grow: a removed post adds to `removed`, one that loses its country to `moved`, and one of
/// which a newer version is stored to `superseded`; none takes anything off `collected`. So a value that is published late is never above a
/// later one. Nothing but additions changes a number, so it does not matter in which order they are made.
#[derive(Clone, Debug)]
pub struct StatisticsTable {
    pub(super) client: Client,
    pub(super) name: String,
}

impl StatisticsTable {
    /// The partition key: the keyword.
    pub const PARTITION_KEY: &str = "keyword";
    /// The sort key: the hour, as in `2026-11-23T10`.
    pub const SORT_KEY: &str = "hour";
    /// The index by which an hour's items are found for all keywords; it projects the keys only. Its partition key is [`Self::SORT_KEY`], its sort
    /// key [`Self::PARTITION_KEY`]: they never change, so counting in an item costs nothing here.
    pub const BY_HOUR: &str = "byHour";
    /// The index by which recently changed items are found; it projects the keys only.
    pub const BY_TOUCH: &str = "byTouch";
    /// That index's partition key: the hour in which posts were last collected for the item; its sort key is [`Self::SORT_KEY`]. It changes once an
    /// hour, and only then does counting cost anything here.
    pub const TOUCHED: &str = "touched";

    /// The table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The key of the item of a keyword and the hour of `at`.
    pub(super) fn key(keyword: &Keyword, at: UtcTime) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (Self::PARTITION_KEY.to_owned(), AttributeValue::S(keyword.to_string())),
            (Self::SORT_KEY.to_owned(), AttributeValue::S(at.hour())),
        ])
    }

    /// The error of an item that this version can neither read nor write.
    pub(super) fn invalid_item(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}
