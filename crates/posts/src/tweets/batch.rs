//! Reading many items by their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;

use super::attempts::Attempts;
use super::table::TweetsTable;
use service::tables::TableError;

/// The most items in one request.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(super) const ITEMS_A_REQUEST: usize = 100;

type Item = HashMap<String, AttributeValue>;

impl TweetsTable {
    /// Those items, at most [`ITEMS_A_REQUEST`] different ones, that are there, in no order. `read` says which attributes are read, and how.
    ///
    /// # Errors
    /// DynamoDB's error, after throttling was retried; it says that it happened during `action`.
    pub(super) async fn items(
        &self,
        keys: Vec<Item>,
        read: KeysAndAttributesBuilder,
        attempts: &mut Attempts,
        action: &'static str,
    ) -> Result<Vec<Item>, TableError> {
        let mut items = Vec::new();
        if keys.is_empty() {
            return Ok(items);
        }
        let request = read.set_keys(Some(keys)).build().map_err(|error| self.invalid_item(&error))?;
        let mut unprocessed = Some(HashMap::from([(self.name.clone(), request)]));
        loop {
            let request = self.client.batch_get_item().set_request_items(unprocessed.take());
            let answer = request.send().await.map_err(TableError::during(action))?;
            items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            unprocessed = answer.unprocessed_keys;
            if unprocessed.as_ref().is_none_or(HashMap::is_empty) {
                return Ok(items);
            }
            if !attempts.next().await {
                return Err(TableError::Throttled { action });
            }
        }
    }
}
