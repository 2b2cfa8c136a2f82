//! Posts that were taken back: under whatever keyword they come again, they are not stored.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::correct::Correction;
use super::table::TweetsTable;
use crate::PostId;
use service::tables::TableError;
use utc_time::UtcTime;

/// The sort key of the item that says that a post was taken back. A keyword never begins with a space.
const TAKEN_BACK: &str = " taken back";

/// How long it is remembered that a post was taken back: longer than anything that could bring it back lives. A
/// dead letter is kept for two weeks, and X's recent search reaches back one.
const REMEMBER: std::time::Duration = std::time::Duration::from_secs(400 * 24 * 60 * 60);

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// As of a moment ago, at half the price.
    AMomentAgo,
    /// As of now.
    Now,
}

impl TweetsTable {
    /// Takes a post back under every keyword, and never lets it come again under any.
    ///
    /// # Errors
    /// What DynamoDB answered, after conflicts and throttling were tried again until `deadline`; or an item
    /// that this version cannot read. Doing it again is safe.
    pub async fn remove_everywhere(
        &self,
        id: &PostId,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Correction, TableError> {
        let stored = self.under_all_keywords(id).await?;
        if stored.is_empty() {
            return Ok(Correction::NotNeeded);
        }
        // First, so that whoever stores the post from now on sees it; what was stored before is found below.
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(self.taken_back_item(id, now)))
            .send()
            .await
            .map_err(TableError::during("take a post back"))?;
        for stored in self.under_all_keywords(id).await? {
            self.remove(&stored.keyword, id, now, deadline).await?;
        }
        Ok(Correction::Made)
    }

    /// Which of these posts, at most a hundred, were taken back.
    pub(super) async fn taken_back<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a PostId>,
        fresh: Fresh,
        attempts: &mut Attempts,
    ) -> Result<BTreeSet<PostId>, TableError> {
        let keys: Vec<_> = ids.into_iter().map(|id| self.taken_back_key(id)).collect();
        let mut found = BTreeSet::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(fresh == Fresh::Now)
            .projection_expression("#id")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .build()
            .map_err(|error| self.broken(&error))?;
        let mut left = Some(HashMap::from([(self.name.clone(), wanted)]));
        while left.as_ref().is_some_and(|left| !left.is_empty()) {
            let request = self.client.batch_get_item().set_request_items(left.take());
            let answer =
                request.send().await.map_err(TableError::during("read which posts were taken back"))?;
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let id = item.get(Self::PARTITION_KEY).and_then(|id| id.as_s().ok());
                let id = id.ok_or_else(|| self.broken(&"an item without a tweetId"))?;
                found.insert(id.parse().map_err(|error| self.broken(&error))?);
            }
            left = answer.unprocessed_keys;
            if left.as_ref().is_some_and(|left| !left.is_empty()) && !attempts.next().await {
                return Err(TableError::Throttled { action: "read which posts were taken back" });
            }
        }
        Ok(found)
    }

    /// The write that remembers that a post was taken back.
    pub(super) fn remembering(&self, id: &PostId, now: UtcTime) -> Result<TransactWriteItem, TableError> {
        let item = self.taken_back_item(id, now);
        let put = Put::builder().table_name(&self.name).set_item(Some(item)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|error| self.broken(&error))?).build())
    }

    fn taken_back_item(&self, id: &PostId, now: UtcTime) -> HashMap<String, AttributeValue> {
        let mut item = self.taken_back_key(id);
        item.insert(Self::REMOVED_AT.to_owned(), AttributeValue::S(now.to_string()));
        let expires_at = now.after(REMEMBER).as_millis() / 1000;
        item.insert(Self::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at.to_string()));
        item
    }

    fn taken_back_key(&self, id: &PostId) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (Self::PARTITION_KEY.to_owned(), AttributeValue::S(id.to_string())),
            (Self::SORT_KEY.to_owned(), AttributeValue::S(TAKEN_BACK.to_owned())),
        ])
    }
}
