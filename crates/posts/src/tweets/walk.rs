//! Walking through all of TweetsTable, in the table's own order.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::table::{TweetsTable, item_key};
use crate::PostId;
use service::tables::TableError;

/// Where a walk has come to: at this item, which may be any, also one that is no post's. It stays valid when the item is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemPosition {
    /// The item's partition key.
    pub tweet_id: String,
    /// The item's sort key.
    pub sort_key: String,
}

impl ItemPosition {
    pub(super) fn key(&self) -> HashMap<String, AttributeValue> {
        item_key(&self.tweet_id, &self.sort_key)
    }
}

/// A part of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The ids of the posts that are stored there; one that is stored under several keywords occurs once.
    pub ids: Vec<PostId>,
    /// Where the walk goes on; `None` at the table's end.
    pub next: Option<ItemPosition>,
}

/// How many items are looked at together: about a megabyte, which DynamoDB does not exceed anyway. Without a limit, the table of one machine would
/// read all that is left for each page.
const ITEMS_A_PAGE: i32 = 1000;

impl TweetsTable {
    /// The ids of the next stored posts from `after` on, a page at a time. What is stored or removed meanwhile may be there or
    /// not.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn walk(&self, after: Option<&ItemPosition>) -> Result<Walked, TableError> {
        let start = after.map(ItemPosition::key);
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .projection_expression("#id")
            // Not those of removed posts.
            .filter_expression("attribute_exists(#text)")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#text", Self::TEXT)
            .limit(ITEMS_A_PAGE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(TableError::during("walk through the posts"))?;
        let mut ids: Vec<PostId> = Vec::new();
        for item in answer.items() {
            let id = self.id(item)?;
            // The items of a post follow each other.
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        let next = answer.last_evaluated_key().map(|key| self.position(key)).transpose()?;
        Ok(Walked { ids, next })
    }

    pub(super) fn position(&self, key: &HashMap<String, AttributeValue>) -> Result<ItemPosition, TableError> {
        let text = |attribute| self.text(key, attribute).map(str::to_owned);
        Ok(ItemPosition { tweet_id: text(Self::PARTITION_KEY)?, sort_key: text(Self::SORT_KEY)? })
    }

    /// The id of an item's post.
    pub(super) fn id(&self, item: &HashMap<String, AttributeValue>) -> Result<PostId, TableError> {
        self.text(item, Self::PARTITION_KEY)?.parse().map_err(|error| self.invalid_item(&error))
    }

    pub(super) fn text<'a>(
        &self,
        item: &'a HashMap<String, AttributeValue>,
        attribute: &str,
    ) -> Result<&'a str, TableError> {
        let value = item.get(attribute).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or_else(|| self.invalid_item(&format!("it has no {attribute}")))
    }
}
