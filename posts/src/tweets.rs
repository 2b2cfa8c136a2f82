//! TweetsTable: one item for each post and keyword.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

use crate::{Keyword, Post, PostId, StatisticsTable, TableError, UtcTime};

/// Most writes in one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const TRANSACTION_ACTIONS: usize = 100;

/// Most bytes of posts in one transaction: DynamoDB takes 4 MB of items; attribute names and the
/// counts need room beside the posts.
const TRANSACTION_BYTES: usize = 3_000_000;

/// How often a transaction that met another one is tried again before its message is given back.
const CONFLICT_TRIES: u32 = 6;

/// The first wait before trying again; each further one is twice as long.
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

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

/// How many posts of a write were new, and how many were there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Written and counted now.
    pub new: usize,
    /// Written and counted before.
    pub repeated: usize,
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

    /// Writes those of `posts` that are new under `keyword`, and counts them: both or neither.
    ///
    /// Any number of posts is taken, in as many transactions as they need; after an error the
    /// earlier ones stand, and doing it all again is safe.
    ///
    /// # Errors
    /// What DynamoDB answered, after conflicts were tried again for about two seconds.
    pub async fn insert(
        &self,
        keyword: &Keyword,
        posts: &[Post],
        now: UtcTime,
    ) -> Result<Inserted, TableError> {
        let mut inserted = Inserted::default();
        for transaction in transactions(posts) {
            let new = self.insert_together(keyword, transaction.clone(), now).await?;
            inserted.new += new;
            inserted.repeated += transaction.len() - new;
        }
        inserted.repeated += posts.len() - inserted.new - inserted.repeated;
        Ok(inserted)
    }

    /// One transaction; returns how many posts were new.
    async fn insert_together(
        &self,
        keyword: &Keyword,
        mut posts: Vec<&Post>,
        now: UtcTime,
    ) -> Result<usize, TableError> {
        let expires_at = now.as_millis() / 1000 + i64::try_from(KEEP.as_secs()).unwrap_or(i64::MAX);
        let mut wait = CONFLICT_WAIT;
        let mut tries = 1;
        while !posts.is_empty() {
            let mut writes = Vec::with_capacity(TRANSACTION_ACTIONS);
            for post in &posts {
                writes.push(self.putting(keyword, post, expires_at)?);
            }
            writes.extend(self.statistics.counting(keyword, &posts)?);
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(posts.len()) };
            match cancellation(&error, posts.len()) {
                Cancelled::AlreadyThere(there) => {
                    let mut index = 0;
                    posts.retain(|_| {
                        index += 1;
                        !there.contains(&(index - 1))
                    });
                }
                Cancelled::Conflict if tries < CONFLICT_TRIES => {
                    tries += 1;
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Cancelled::Conflict | Cancelled::Otherwise => {
                    return Err(TableError::during("write posts with their counts")(error));
                }
            }
        }
        Ok(0)
    }

    fn putting(
        &self,
        keyword: &Keyword,
        post: &Post,
        expires_at: i64,
    ) -> Result<TransactWriteItem, TableError> {
        let stored = StoredPost { post: post.clone(), keyword: keyword.clone(), expires_at };
        let item: HashMap<String, AttributeValue> =
            serde_dynamo::to_item(stored).map_err(|error| self.broken(&error))?;
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .build()
            .map_err(|error| self.broken(&error))?;
        Ok(TransactWriteItem::builder().put(put).build())
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
            HashMap::from([
                (Self::PARTITION_KEY.to_owned(), AttributeValue::S(position.tweet_id.to_string())),
                (Self::SORT_KEY.to_owned(), AttributeValue::S(keyword.to_string())),
                (Self::INDEX_SORT_KEY.to_owned(), AttributeValue::S(position.create_date.to_string())),
            ])
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

    fn broken(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}

/// Cuts posts into what fits into one transaction each, every id once: a transaction may name an
/// item only once, and the first arrival of a post is the one that counts.
fn transactions(posts: &[Post]) -> Vec<Vec<&Post>> {
    let mut transactions = Vec::new();
    let mut seen = HashSet::new();
    let mut current: Vec<&Post> = Vec::new();
    let mut counters = BTreeSet::new();
    let mut bytes = 0;
    for post in posts {
        if !seen.insert(&post.tweet_id) {
            continue;
        }
        let counter = StatisticsTable::sort_key(post);
        let more_counters = usize::from(!counters.contains(&counter));
        let actions = current.len() + counters.len() + 1 + more_counters;
        // What varies in size is what people wrote.
        let size = post.text.len() + 1024;
        if actions > TRANSACTION_ACTIONS || bytes + size > TRANSACTION_BYTES {
            transactions.push(std::mem::take(&mut current));
            counters.clear();
            bytes = 0;
        }
        counters.insert(counter);
        current.push(post);
        bytes += size;
    }
    if !current.is_empty() {
        transactions.push(current);
    }
    transactions
}

/// Why a transaction did not take place.
enum Cancelled {
    /// These posts are in the table already; nothing else stood in its way.
    AlreadyThere(HashSet<usize>),
    /// Another transaction, or too many requests, stood in its way: it may succeed later.
    Conflict,
    /// Anything else.
    Otherwise,
}

/// Reads the reasons of a cancelled transaction whose first `posts` writes put posts.
fn cancellation(error: &SdkError<TransactWriteItemsError>, posts: usize) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return Cancelled::Otherwise;
    };
    let mut there = HashSet::new();
    let mut conflict = false;
    for (index, reason) in cancelled.cancellation_reasons().iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" if index < posts => {
                there.insert(index);
            }
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => conflict = true,
            _ => return Cancelled::Otherwise,
        }
    }
    if !there.is_empty() {
        Cancelled::AlreadyThere(there)
    } else if conflict {
        Cancelled::Conflict
    } else {
        Cancelled::Otherwise
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_post_is_in_one_transaction_and_each_transaction_fits(
            posts in proptest::collection::vec((0..400_u32, 0..300_i64, 0..60_000_usize), 0..300)
        ) {
            let posts: Vec<Post> = posts
                .into_iter()
                .map(|(id, hours, length)| Post {
                    text: "x".repeat(length),
                    create_date: UtcTime::from_millis(hours * 3_600_000).unwrap(),
                    ..crate::tweets::tests::post(&id.to_string())
                })
                .collect();
            let cut = transactions(&posts);
            let mut ids: Vec<_> = cut.iter().flatten().map(|post| &post.tweet_id).collect();
            let count = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), count, "an id stands twice");
            let given: HashSet<_> = posts.iter().map(|post| &post.tweet_id).collect();
            prop_assert_eq!(count, given.len(), "an id is missing");
            for transaction in &cut {
                let counters: HashSet<_> = transaction.iter().map(|post| StatisticsTable::sort_key(post)).collect();
                prop_assert!(transaction.len() + counters.len() <= TRANSACTION_ACTIONS);
                prop_assert!(transaction.iter().map(|post| post.text.len()).sum::<usize>() <= TRANSACTION_BYTES);
            }
        }
    }

    pub(super) fn post(id: &str) -> Post {
        serde_json::from_value(serde_json::json!({
            "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": "",
        }))
        .unwrap()
    }
}
