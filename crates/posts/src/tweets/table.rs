//! TweetsTable itself, and its keys.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::statistics::StatisticsTable;
use crate::{Keyword, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

/// How long posts are kept.
const KEEP_POSTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// TweetsTable, together with the StatisticsTable that its posts are counted in: both change in one transaction, so
/// they cannot disagree.
#[derive(Clone, Debug)]
pub struct TweetsTable {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) statistics: StatisticsTable,
}

impl TweetsTable {
    /// The partition key: the post's id.
    pub const PARTITION_KEY: &str = "tweetId";
    /// The sort key: the keyword. A post is stored once per keyword.
    pub const SORT_KEY: &str = "keyword";
    /// The index by which a keyword's posts are read in order of time.
    pub const INDEX: &str = "byKeyword";
    /// The index's partition key.
    pub const INDEX_PARTITION_KEY: &str = "keyword";
    /// The index's sort key.
    pub const INDEX_SORT_KEY: &str = "createDate";
    /// The text, named as the field of [`Post`]. Each stored post has it, if only an empty one; what remains of a removed post does not.
    pub(super) const TEXT: &str = "text";
    /// The attributes of a post that are written or read one by one, named as the fields of [`Post`].
    pub(super) const COUNTRY: &str = "country";
    pub(super) const COUNTRY_SOURCE: &str = "countrySource";
    pub(super) const COUNTRY_HOW: &str = "countryHow";
    pub(super) const EDITED_AT: &str = "editedAt";
    /// The attribute that holds which version supersedes a post, named as the field of [`StoredPost`].
    pub(super) const SUPERSEDED_BY: &str = "supersededBy";
    /// The attribute that holds when a post was removed; only what replaces a removed post has it.
    pub(super) const REMOVED_AT: &str = "removedAt";
    /// The attribute that holds when DynamoDB may delete an item.
    pub const TIME_TO_LIVE: &str = "expiresAt";

    /// The table called `name`; its posts are counted in `statistics`.
    #[must_use]
    pub fn new(client: Client, name: String, statistics: StatisticsTable) -> Self {
        Self { client, name, statistics }
    }

    /// The table in which its posts are counted.
    #[must_use]
    pub fn statistics(&self) -> &StatisticsTable {
        &self.statistics
    }

    pub(super) fn key(&self, keyword: &Keyword, id: &PostId) -> HashMap<String, AttributeValue> {
        item_key(id.as_str(), keyword.as_str())
    }

    /// The error of an item that this version can neither read nor write.
    pub(super) fn invalid_item(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

/// The key of a post's item with this sort key.
pub(super) fn item_key(id: &str, sort_key: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (TweetsTable::PARTITION_KEY.to_owned(), AttributeValue::S(id.to_string())),
        (TweetsTable::SORT_KEY.to_owned(), AttributeValue::S(sort_key.to_owned())),
    ])
}

/// When an item that is written at `now` may be deleted, in seconds since 1970.
pub(super) fn expires_at(now: UtcTime) -> i64 {
    now.after(KEEP_POSTS).as_millis() / 1000
}
