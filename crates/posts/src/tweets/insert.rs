//! Storing new posts, together with their counts.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::item::{StoredPost, to_item};
use super::notes::Consistency;
use super::table::{TweetsTable, expires_at};
use super::transactions::{TRANSACTION_WRITES, transactions};
use super::versions::Stored;
use crate::{Keyword, Post, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

/// How many posts were new, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Posts that were stored and counted now.
    pub new: usize,
    /// Posts that had been stored and counted before, or were removed.
    pub repeated: usize,
    /// How often a transaction was retried.
    pub retried: usize,
}

impl TweetsTable {
    /// Stores those of `posts` that are new under `keyword` and counts them: both or neither. Removed posts are left
    /// out.
    ///
    /// It takes any number of posts, in as many transactions as they need. After an error the earlier transactions
    /// stand, and retrying is safe. Conflicts and throttling are retried until `deadline`.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn insert(
        &self,
        keyword: &Keyword,
        posts: &[Post],
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Inserted, TableError> {
        let mut inserted = Inserted::default();
        let is_later_version = |post: &&Post| post.first_version.is_some();
        let (versions, others): (Vec<&Post>, Vec<&Post>) = posts.iter().partition(is_later_version);
        for transaction in transactions(&others) {
            let mut attempts = Attempts::until(deadline);
            let ids = || transaction.iter().map(|post| &post.tweet_id);
            let noted = self.notes(ids(), Consistency::Eventual, &mut attempts).await?;
            let is_removed = |id: &PostId| noted.get(id).is_some_and(|note| note.is_removed);
            let present = transaction.iter().filter(|post| !is_removed(&post.tweet_id));
            let present = present.copied().collect();
            inserted.new += self.insert_together(keyword, present, now, &mut attempts).await?;
            // A removal writes the tombstone first and then looks for the post: either it finds the post, or its
            // tombstone is found here. In the same way a later version that came first is found.
            for (id, note) in self.notes(ids(), Consistency::Strong, &mut attempts).await? {
                if note.is_removed {
                    self.remove(keyword, &id, now, deadline).await?;
                } else {
                    self.supersede_first(keyword, &id, &note, now, &mut attempts).await?;
                }
            }
            inserted.retried += attempts.retries;
        }
        for (post, first) in
            versions.into_iter().filter_map(|post| Some((post, post.first_version.as_ref()?)))
        {
            let mut attempts = Attempts::until(deadline);
            let stored = self.insert_version(keyword, post, first, now, &mut attempts).await?;
            inserted.new += usize::from(stored == Stored::New);
            inserted.retried += attempts.retries;
        }
        inserted.repeated = posts.len() - inserted.new;
        Ok(inserted)
    }

    /// Stores posts in one transaction; returns how many were new.
    async fn insert_together(
        &self,
        keyword: &Keyword,
        mut posts: Vec<&Post>,
        now: UtcTime,
        attempts: &mut Attempts,
    ) -> Result<usize, TableError> {
        while !posts.is_empty() {
            let mut writes = Vec::with_capacity(TRANSACTION_WRITES);
            for post in &posts {
                writes.push(self.put(keyword, post, None, now)?);
            }
            writes.extend(self.statistics.count_collected(keyword, &posts, now)?);
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(posts.len()) };
            match Cancellation::of(&error, posts.len()) {
                Cancellation::ConditionFailed(stored) => {
                    let mut index = 0;
                    posts.retain(|_| {
                        index += 1;
                        !stored.contains(&(index - 1))
                    });
                }
                Cancellation::Transient if attempts.next().await => {}
                Cancellation::Transient | Cancellation::Other => {
                    return Err(TableError::during("write posts with their counts")(error));
                }
            }
        }
        Ok(0)
    }

    /// The part of a transaction that stores a post, on the condition that it is not stored yet.
    pub(super) fn put(
        &self,
        keyword: &Keyword,
        post: &Post,
        superseded_by: Option<&PostId>,
        now: UtcTime,
    ) -> Result<TransactWriteItem, TableError> {
        let stored = StoredPost {
            post: post.clone(),
            keyword: keyword.clone(),
            superseded_by: superseded_by.cloned(),
            expires_at: expires_at(now),
        };
        let item = to_item(&stored).map_err(|error| self.invalid_item(&error))?;
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .build()
            .map_err(|error| self.invalid_item(&error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
