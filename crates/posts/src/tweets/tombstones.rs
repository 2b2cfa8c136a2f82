//! Tombstones: what remains of a removed post, so that it is not stored again under any keyword.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};

use super::attempts::Attempts;
use super::table::{TweetsTable, item_key};
use crate::PostId;
use service::tables::TableError;
use utc_time::UtcTime;

/// The sort key of a tombstone. A keyword never begins with a space.
const TOMBSTONE: &str = " taken back";

/// How long a tombstone is kept: longer than anything that could deliver the post again. A dead letter is kept for two
/// weeks, and X's recent search covers one.
const KEEP_TOMBSTONES: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The consistency of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consistency {
    /// Eventually consistent, at half the price.
    Eventual,
    /// Strongly consistent.
    Strong,
}

impl TweetsTable {
    /// Which of these posts, at most a hundred, have a tombstone.
    pub(super) async fn tombstones<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a PostId>,
        consistency: Consistency,
        attempts: &mut Attempts,
    ) -> Result<BTreeSet<PostId>, TableError> {
        const ACTION: &str = "read which posts were removed";
        let keys: Vec<_> = ids.into_iter().map(tombstone_key).collect();
        let mut found = BTreeSet::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(consistency == Consistency::Strong)
            .projection_expression("#id")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .build()
            .map_err(|error| self.invalid_item(&error))?;
        let mut unprocessed = Some(HashMap::from([(self.name.clone(), request)]));
        while unprocessed.as_ref().is_some_and(|requests| !requests.is_empty()) {
            let request = self.client.batch_get_item().set_request_items(unprocessed.take());
            let answer = request.send().await.map_err(TableError::during(ACTION))?;
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let id = item.get(Self::PARTITION_KEY).and_then(|id| id.as_s().ok());
                let id = id.ok_or_else(|| self.invalid_item(&"it has no tweetId"))?;
                found.insert(id.parse().map_err(|error| self.invalid_item(&error))?);
            }
            unprocessed = answer.unprocessed_keys;
            if unprocessed.as_ref().is_some_and(|requests| !requests.is_empty()) && !attempts.next().await {
                return Err(TableError::Throttled { action: ACTION });
            }
        }
        Ok(found)
    }

    /// Writes a post's tombstone.
    pub(super) async fn put_tombstone(&self, id: &PostId, now: UtcTime) -> Result<(), TableError> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(tombstone(id, now)));
        request.send().await.map_err(TableError::during("remove a post"))?;
        Ok(())
    }

    /// The part of a transaction that writes a post's tombstone.
    pub(super) fn tombstone_write(&self, id: &PostId, now: UtcTime) -> Result<TransactWriteItem, TableError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(tombstone(id, now))).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|error| self.invalid_item(&error))?).build())
    }
}

fn tombstone(id: &PostId, now: UtcTime) -> HashMap<String, AttributeValue> {
    let mut item = tombstone_key(id);
    item.insert(TweetsTable::REMOVED_AT.to_owned(), AttributeValue::S(now.to_string()));
    let expires_at = now.after(KEEP_TOMBSTONES).as_millis() / 1000;
    item.insert(TweetsTable::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at.to_string()));
    item
}

fn tombstone_key(id: &PostId) -> HashMap<String, AttributeValue> {
    item_key(id, TOMBSTONE)
}
