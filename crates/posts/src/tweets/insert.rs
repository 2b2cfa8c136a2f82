//! Writing new posts, together with their counts.

use std::collections::{BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::table::{StoredPost, TweetsTable, expires_at};
use super::taken_back::Fresh;
use crate::statistics::StatisticsTable;
use crate::{Keyword, Post};
use service::tables::TableError;
use utc_time::UtcTime;

/// Most writes in one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const TRANSACTION_ACTIONS: usize = 100;

/// Most bytes of posts in one transaction: DynamoDB takes 4 MB of items; attribute names and the
/// counts need room beside the posts.
const TRANSACTION_BYTES: usize = 3_000_000;

/// How many posts of a write were new, how many were there already, and what it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Written and counted now.
    pub new: usize,
    /// Written and counted before, or taken back.
    pub repeated: usize,
    /// How often a transaction that something stood in the way of was tried again.
    pub retried: usize,
}

impl TweetsTable {
    /// Writes those of `posts` that are new under `keyword`, and counts them: both or neither. What was taken
    /// back is left out.
    ///
    /// Any number of posts is taken, in as many transactions as they need; after an error the
    /// earlier ones stand, and doing it all again is safe. What conflicts and throttling stood in the way
    /// of is tried again until `deadline`.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn insert(
        &self,
        keyword: &Keyword,
        posts: &[Post],
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Inserted, TableError> {
        let mut inserted = Inserted::default();
        for transaction in transactions(posts) {
            let mut attempts = Attempts::until(deadline);
            let ids = || transaction.iter().map(|post| &post.tweet_id);
            let mut gone = self.taken_back(ids(), Fresh::AMomentAgo, &mut attempts).await?;
            let here = transaction.iter().filter(|post| !gone.contains(&post.tweet_id)).copied().collect();
            inserted.new += self.insert_together(keyword, here, now, &mut attempts).await?;
            // Who takes a post back remembers that first, and looks for the post then: either it is found
            // there, or what is remembered is found here.
            gone.append(&mut self.taken_back(ids(), Fresh::Now, &mut attempts).await?);
            for id in gone {
                self.remove(keyword, &id, now, deadline).await?;
            }
            inserted.retried += attempts.again;
        }
        inserted.repeated = posts.len() - inserted.new;
        Ok(inserted)
    }

    /// One transaction; returns how many posts were new.
    async fn insert_together(
        &self,
        keyword: &Keyword,
        mut posts: Vec<&Post>,
        now: UtcTime,
        attempts: &mut Attempts,
    ) -> Result<usize, TableError> {
        let expires_at = expires_at(now);
        while !posts.is_empty() {
            let mut writes = Vec::with_capacity(TRANSACTION_ACTIONS);
            for post in &posts {
                writes.push(self.putting(keyword, post, expires_at)?);
            }
            writes.extend(self.statistics.counting(keyword, &posts, now)?);
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
                Cancelled::Passing if attempts.next().await => {}
                Cancelled::Passing | Cancelled::Otherwise => {
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
pub(super) enum Cancelled {
    /// These posts are in the table already; nothing else stood in its way.
    AlreadyThere(HashSet<usize>),
    /// Another transaction, or too many requests, stood in its way: it may succeed soon.
    Passing,
    /// Anything else.
    Otherwise,
}

/// What DynamoDB answers to a whole transaction when the same may succeed soon.
const PASSING: [&str; 6] = [
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Reads the reasons of a cancelled transaction whose first `posts` writes put posts.
pub(super) fn cancellation(error: &SdkError<TransactWriteItemsError>, posts: usize) -> Cancelled {
    let cancelled = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled,
        Some(error) if error.code().is_some_and(|code| PASSING.contains(&code)) => return Cancelled::Passing,
        _ => return Cancelled::Otherwise,
    };
    let mut there = HashSet::new();
    let mut passing = false;
    for (index, reason) in cancelled.cancellation_reasons().iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" if index < posts => {
                there.insert(index);
            }
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => passing = true,
            _ => return Cancelled::Otherwise,
        }
    }
    if !there.is_empty() {
        Cancelled::AlreadyThere(there)
    } else if passing {
        Cancelled::Passing
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
                    ..post(&id.to_string())
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

    fn post(id: &str) -> Post {
        serde_json::from_value(serde_json::json!({
            "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": "",
        }))
        .unwrap()
    }
}
