//! TweetsTable: one item for each post and keyword.

mod attempts;
mod correct;
mod insert;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::{Keyword, Post, PostId, StatisticsTable, TableError, UtcTime};

pub use correct::Correction;
pub use insert::Inserted;

/// How long posts are kept.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// TweetsTable, together with the StatisticsTable that its writes count in: posts and counts change
/// in the same transaction, so they cannot disagree.
#[derive(Clone, Debug)]
pub struct TweetsTable {
    client: Client,
    name: String,
    statistics: StatisticsTable,
}

/// A post as an item of TweetsTable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// In which order posts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The latest first.
    NewestFirst,
    /// The earliest first.
    OldestFirst,
}

/// A place between two posts of one keyword. It stays right when posts are added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The last post that was read.
    pub tweet_id: PostId,
    /// When it was made.
    pub create_date: UtcTime,
}

/// Posts of one keyword.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The posts.
    pub posts: Vec<StoredPost>,
    /// Where to go on, if there may be more.
    pub next: Option<Position>,
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
    /// The attribute by which DynamoDB forgets items.
    pub const TIME_TO_LIVE: &str = "expiresAt";

    /// The table called `name`; its posts are counted in `statistics`.
    #[must_use]
    pub fn new(client: Client, name: String, statistics: StatisticsTable) -> Self {
        Self { client, name, statistics }
    }

    /// Up to `limit` posts of `keyword`, from `after` on.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
    pub async fn page(
        &self,
        keyword: &Keyword,
        order: Order,
        limit: i32,
        after: Option<&Position>,
    ) -> Result<Page, TableError> {
        let start = after.map(|position| {
            let mut start = self.key(keyword, &position.tweet_id);
            start
                .insert(Self::INDEX_SORT_KEY.to_owned(), AttributeValue::S(position.create_date.to_string()));
            start
        });
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(Self::INDEX)
            .key_condition_expression("#keyword = :keyword")
            .expression_attribute_names("#keyword", Self::INDEX_PARTITION_KEY)
            .expression_attribute_values(":keyword", AttributeValue::S(keyword.to_string()))
            .scan_index_forward(order == Order::OldestFirst)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(TableError::during("read posts"))?;
        let more = answer.last_evaluated_key().is_some();
        let posts: Vec<StoredPost> = serde_dynamo::from_items(answer.items.unwrap_or_default())
            .map_err(|error| self.broken(&error))?;
        let next = posts.last().filter(|_| more).map(|last| Position {
            tweet_id: last.post.tweet_id.clone(),
            create_date: last.post.create_date,
        });
        Ok(Page { posts, next })
    }

    /// A post under each keyword that it was collected for; none if it is not there, or was taken back.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that is none of ours.
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

    fn key(&self, keyword: &Keyword, id: &PostId) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (Self::PARTITION_KEY.to_owned(), AttributeValue::S(id.to_string())),
            (Self::SORT_KEY.to_owned(), AttributeValue::S(keyword.to_string())),
        ])
    }

    fn broken(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

/// When what is written at `now` may be forgotten, in seconds since 1970.
fn expires_at(now: UtcTime) -> i64 {
    now.after(KEEP).as_millis() / 1000
}
