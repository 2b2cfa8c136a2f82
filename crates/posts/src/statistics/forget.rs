//! Forgetting counts.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};

use super::table::StatisticsTable;
use crate::Keyword;
use service::tables::TableError;

const ACTION: &str = "forget counts";

/// The most deletions in one request.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const DELETED_A_REQUEST: i32 = 25;

impl StatisticsTable {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Deletes up to 25 counts of a keyword, or of all, each of an hour; returns how many there were. Zero: there are no more.
    ///
    /// # Errors
    /// DynamoDB's error. Retrying is safe.
    pub async fn forget_some(&self, keyword: Option<&Keyword>) -> Result<usize, TableError> {
        let keys = match keyword {
            Some(keyword) => self.keys_of(keyword).await?,
            None => self.any_keys().await?,
        };
        if keys.is_empty() {
            return Ok(0);
        }
        let count = keys.len();
        let deletion = |key: HashMap<String, AttributeValue>| {
            let request = DeleteRequest::builder().set_key(Some(key)).build();
            let request = request.map_err(|error| self.invalid_item(&error))?;
            Ok(WriteRequest::builder().delete_request(request).build())
        };
        let requests: Vec<WriteRequest> =
            keys.into_iter().map(deletion).collect::<Result<_, TableError>>()?;
        let request = self.client.batch_write_item().request_items(&self.name, requests);
        let answer = request.send().await.map_err(TableError::during(ACTION))?;
        let left = answer.unprocessed_items().and_then(|items| items.get(&self.name)).map_or(0, Vec::len);
        if left == count { Err(TableError::Throttled { action: ACTION }) } else { Ok(count - left) }
    }

    async fn keys_of(&self, keyword: &Keyword) -> Result<Vec<HashMap<String, AttributeValue>>, TableError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#keyword = :keyword")
            .projection_expression("#keyword, #hour")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .expression_attribute_values(":keyword", AttributeValue::S(keyword.to_string()))
            .limit(DELETED_A_REQUEST)
            .send()
            .await
            .map_err(TableError::during(ACTION))?;
        Ok(answer.items.unwrap_or_default())
    }

    async fn any_keys(&self) -> Result<Vec<HashMap<String, AttributeValue>>, TableError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .projection_expression("#keyword, #hour")
            .expression_attribute_names("#keyword", Self::PARTITION_KEY)
            .expression_attribute_names("#hour", Self::SORT_KEY)
            .limit(DELETED_A_REQUEST)
            .send()
            .await
            .map_err(TableError::during(ACTION))?;
        Ok(answer.items.unwrap_or_default())
    }
}
