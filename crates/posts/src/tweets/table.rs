//! TweetsTable itself: its keys, and a post as one of its items.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::statistics::StatisticsTable;
use crate::{Keyword, Post, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

/// How long posts are kept.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// TweetsTable, together with the StatisticsTable that its writes count in: posts and counts change
/// in the same transaction, so they cannot disagree.
#[derive(Clone, Debug)]
pub struct TweetsTable {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) statistics: StatisticsTable,
}

/// A post as an item of TweetsTable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredPost {
    /// The post.
    #[serde(flatten)]
    pub post: Post,
    /// The keyword under which it was collected.
    pub keyword: Keyword,
    /// When DynamoDB may forget it, in seconds since 1970.
    pub expires_at: i64,
}

impl TweetsTable {
    /// The partition key: the post's id.
    pub const PARTITION_KEY: &str = "tweetId";
    /// The sort key: the keyword. A post is new exactly once per keyword, whatever else is said of it.
    pub const SORT_KEY: &str = "keyword";
    /// The index by which a keyword's posts are read in the order of time.
    pub const INDEX: &str = "byKeyword";
    /// The index's partition key.
    pub const INDEX_PARTITION_KEY: &str = "keyword";
    /// The index's sort key.
    pub const INDEX_SORT_KEY: &str = "createDate";
    /// The attribute of what stands in the place of a post that was taken back: when that was done.
    pub(super) const REMOVED_AT: &str = "removedAt";
    /// The attribute by which DynamoDB forgets items.
    pub const TIME_TO_LIVE: &str = "expiresAt";

    /// The table called `name`; its posts are counted in `statistics`.
    #[must_use]
    pub fn new(client: Client, name: String, statistics: StatisticsTable) -> Self {
        Self { client, name, statistics }
    }

    /// A post under each keyword that it was collected for; none if it is not there, or was taken back.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn under_all_keywords(&self, id: &PostId) -> Result<Vec<StoredPost>, TableError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#id = :id")
            .filter_expression("attribute_exists(#date)")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
            .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            .into_paginator()
            .items()
            .send();
        let mut posts = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(TableError::during("read a post"))?;
            posts.push(serde_dynamo::from_item(item).map_err(|error| self.broken(&error))?);
        }
        Ok(posts)
    }

    pub(super) fn key(&self, keyword: &Keyword, id: &PostId) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (Self::PARTITION_KEY.to_owned(), AttributeValue::S(id.to_string())),
            (Self::SORT_KEY.to_owned(), AttributeValue::S(keyword.to_string())),
        ])
    }

    pub(super) fn broken(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

/// When what is written at `now` may be forgotten, in seconds since 1970.
pub(super) fn expires_at(now: UtcTime) -> i64 {
    now.after(KEEP).as_millis() / 1000
}
