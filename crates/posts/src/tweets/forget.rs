//! Forgetting: deleting the posts of a keyword, or everything, so that nothing under way brings them back.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::batch::ITEMS_A_REQUEST;
use super::table::{TweetsTable, item_key};
use super::walk::ItemPosition;
use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

const ACTION: &str = "forget posts";

/// The most items that are looked at in one step: as many as DynamoDB reads by their keys in one request.
const AT_ONCE: i32 = ITEMS_A_REQUEST as i32;

/// The most deletions in one request.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const DELETED_A_REQUEST: usize = 25;

/// The partition key of a barrier. A post's id holds no space.
const BARRIER: &str = " forgotten";

/// The sort key of the barrier for every keyword. A keyword never begins with a space.
const EVERY_KEYWORD: &str = " every keyword";

/// The attribute of a barrier that holds until when posts were sent that are not stored again. No other item has it.
pub(super) const UNTIL: &str = "until";

/// How long a barrier is kept: longer than a message can wait, two weeks on the queue and two more as a dead letter.
const KEEP_BARRIERS: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// What is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// The posts of one keyword.
    Keyword(Keyword),
    /// Every item of the table.
    Everything,
}

/// An item that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doomed {
    /// Its key.
    #[serde(flatten)]
    pub key: ItemPosition,
    /// Whether it is a stored post, rather than what remains of one.
    pub is_post: bool,
}

/// Some items to be deleted, and where the next ones are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoomedPage {
    /// The items.
    pub items: Vec<Doomed>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<DoomedPosition>,
}

/// Where a page of items to be deleted begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DoomedPosition {
    /// Behind this item.
    #[serde(flatten)]
    pub key: ItemPosition,
    /// When it was created, if the items are those of a keyword, in their index's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

impl TweetsTable {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From now on, posts that were sent at `until` or earlier are not stored again.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn put_barrier(
        &self,
        what: &Forgotten,
        until: UtcTime,
        now: UtcTime,
    ) -> Result<(), TableError> {
        let mut item = barrier_key(what);
        item.insert(UNTIL.to_owned(), AttributeValue::S(until.to_string()));
        let expires_at = now.after(KEEP_BARRIERS).as_millis() / 1000;
        item.insert(Self::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at.to_string()));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map_err(TableError::during(ACTION))?;
        Ok(())
    }

    /// Lowers the barrier to `until`, if it is ahead of `now`: what it was put up for is not forgotten for the time being.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn lower_barrier(
        &self,
        what: &Forgotten,
        until: UtcTime,
        now: UtcTime,
    ) -> Result<(), TableError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(barrier_key(what)))
            .update_expression("SET #until = :until")
            // Times sort as their texts do.
            .condition_expression("#until > :now")
            .expression_attribute_names("#until", UNTIL)
            .expression_attribute_values(":until", AttributeValue::S(until.to_string()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        match update.send().await {
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            answer => answer.map(|_| ()).map_err(TableError::during(ACTION)),
        }
    }

    /// The next items of what is to be forgotten: those that are really there.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn doomed(
        &self,
        what: &Forgotten,
        after: Option<&DoomedPosition>,
        deadline: Instant,
    ) -> Result<DoomedPage, TableError> {
        let mut page = match what {
            Forgotten::Keyword(keyword) => self.of_keyword(keyword, after).await?,
            Forgotten::Everything => self.of_table(after).await?,
        };
        // An index may still list what was deleted a moment ago, which would be counted twice.
        let there = self.still_there(&page.items, deadline).await?;
        page.items.retain(|item| there.contains(&(item.key.tweet_id.clone(), item.key.sort_key.clone())));
        Ok(page)
    }

    /// Deletes these items; those that are gone already are passed over.
    ///
    /// # Errors
    /// DynamoDB's error. Retrying is safe.
    pub async fn delete_doomed(&self, items: &[Doomed], deadline: Instant) -> Result<(), TableError> {
        let mut attempts = Attempts::until(deadline);
        for items in items.chunks(DELETED_A_REQUEST) {
            let deletion = |item: &Doomed| {
                let request = DeleteRequest::builder().set_key(Some(item.key.key())).build();
                let request = request.map_err(|error| self.invalid_item(&error))?;
                Ok(WriteRequest::builder().delete_request(request).build())
            };
            let requests: Vec<WriteRequest> =
                items.iter().map(deletion).collect::<Result<_, TableError>>()?;
            let mut unprocessed = Some(HashMap::from([(self.name.clone(), requests)]));
            while unprocessed.as_ref().is_some_and(|requests| !requests.is_empty()) {
                let request = self.client.batch_write_item().set_request_items(unprocessed.take());
                let answer = request.send().await.map_err(TableError::during(ACTION))?;
                unprocessed = answer.unprocessed_items;
                let is_done = unprocessed.as_ref().is_none_or(HashMap::is_empty);
                if !is_done && !attempts.next().await {
                    return Err(TableError::Throttled { action: ACTION });
                }
            }
        }
        Ok(())
    }

    async fn of_keyword(
        &self,
        keyword: &Keyword,
        after: Option<&DoomedPosition>,
    ) -> Result<DoomedPage, TableError> {
        let start = after.map(|position| {
            let created = AttributeValue::S(position.created.clone().unwrap_or_default());
            position.key.key().into_iter().chain([(Self::INDEX_SORT_KEY.to_owned(), created)]).collect()
        });
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(Self::INDEX)
            .key_condition_expression("#keyword = :keyword")
            .projection_expression("#id, #keyword, #text")
            .expression_attribute_names("#keyword", Self::INDEX_PARTITION_KEY)
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_values(":keyword", AttributeValue::S(keyword.to_string()))
            .limit(AT_ONCE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(TableError::during(ACTION))?;
        self.doomed_page(answer.items(), answer.last_evaluated_key())
    }

    async fn of_table(&self, after: Option<&DoomedPosition>) -> Result<DoomedPage, TableError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .projection_expression("#id, #keyword, #text")
            // Not the barriers.
            .filter_expression("#id <> :barrier")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#keyword", Self::SORT_KEY)
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_values(":barrier", AttributeValue::S(BARRIER.to_owned()))
            .limit(AT_ONCE)
            .set_exclusive_start_key(after.map(|position| position.key.key()))
            .send()
            .await
            .map_err(TableError::during(ACTION))?;
        self.doomed_page(answer.items(), answer.last_evaluated_key())
    }

    fn doomed_page(
        &self,
        items: &[HashMap<String, AttributeValue>],
        last: Option<&HashMap<String, AttributeValue>>,
    ) -> Result<DoomedPage, TableError> {
        let doomed = |item: &HashMap<String, AttributeValue>| {
            let is_post = item.contains_key(Self::TEXT);
            Ok::<_, TableError>(Doomed { key: self.position(item)?, is_post })
        };
        let next = |key: &HashMap<String, AttributeValue>| {
            let created = key.get(Self::INDEX_SORT_KEY).and_then(|created| created.as_s().ok());
            Ok::<_, TableError>(DoomedPosition { key: self.position(key)?, created: created.cloned() })
        };
        Ok(DoomedPage {
            items: items.iter().map(doomed).collect::<Result<_, _>>()?,
            next: last.map(next).transpose()?,
        })
    }

    /// The keys of those items that are there.
    async fn still_there(
        &self,
        items: &[Doomed],
        deadline: Instant,
    ) -> Result<BTreeSet<(String, String)>, TableError> {
        let keys = items.iter().map(|item| item.key.key()).collect();
        let read = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression("#id, #keyword")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#keyword", Self::SORT_KEY);
        let there = self.items(keys, read, &mut Attempts::until(deadline), ACTION).await?.into_iter();
        there
            .map(|item| {
                let ItemPosition { tweet_id, sort_key } = self.position(&item)?;
                Ok((tweet_id, sort_key))
            })
            .collect()
    }
}

/// The keys of the barriers that hold for a keyword.
pub(super) fn barrier_keys(keyword: &Keyword) -> [HashMap<String, AttributeValue>; 2] {
    [Forgotten::Keyword(keyword.clone()), Forgotten::Everything].map(|what| barrier_key(&what))
}

fn barrier_key(what: &Forgotten) -> HashMap<String, AttributeValue> {
    let sort_key = match what {
        Forgotten::Keyword(keyword) => keyword.as_str(),
        Forgotten::Everything => EVERY_KEYWORD,
    };
    item_key(BARRIER, sort_key)
}
