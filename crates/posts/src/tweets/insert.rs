//! Storing new posts, together with their counts.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::item::{StoredPost, to_item};
use super::notes::{Consistency, NOTES_A_REQUEST, Note};
use super::table::{TweetsTable, expires_at};
use super::transactions::{TRANSACTION_WRITES, transactions};
use super::versions::{Stored, Version};
use crate::statistics::Countable;
use crate::{Keyword, Post, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

/// How many posts were new, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Posts that were stored and counted now.
    pub new: usize,
    /// Posts that had been stored and counted before, or were removed or forgotten.
    pub repeated: usize,
    /// How often a transaction was retried.
    pub retried: usize,
}

/// Posts that are stored in one transaction.
#[derive(Debug, Default)]
struct Together<'a> {
    /// Those that are no later versions of others.
    posts: Vec<&'a Post>,
    /// Later versions.
    versions: Vec<Version<'a>>,
    /// Later versions that are stored afterwards, one by one, with their first versions.
    alone: Vec<(&'a Post, &'a PostId)>,
}

impl Together<'_> {
    /// Leaves out the posts some of whose writes have failed: the first writes are the posts', and those of the versions end at `ends`. A post
    /// is stored already; a version is looked at again.
    fn leave_out(&mut self, failed: &HashSet<usize>, ends: &[usize]) {
        let posts = self.posts.len();
        let mut index = 0;
        self.posts.retain(|_| {
            index += 1;
            !failed.contains(&(index - 1))
        });
        let mut begin = posts;
        let mut ends = ends.iter();
        let versions = std::mem::take(&mut self.versions);
        for version in versions {
            let end = ends.next().copied().unwrap_or(begin);
            if (begin..end).any(|write| failed.contains(&write)) {
                self.alone.push((version.post, version.first));
            } else {
                self.versions.push(version);
            }
            begin = end;
        }
    }
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
        self.insert_sent(keyword, posts, now, now, deadline).await
    }

    /// The same for posts that were sent at this time. Those that were read before their keyword was forgotten, or if that is not known were
    /// sent before, are left out too.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn insert_sent(
        &self,
        keyword: &Keyword,
        posts: &[Post],
        sent: UtcTime,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Inserted, TableError> {
        let mut inserted = Inserted::default();
        for transaction in transactions(posts) {
            let mut attempts = Attempts::until(deadline);
            let firsts = transaction.iter().filter_map(|post| post.first_version.as_ref());
            let ids: Vec<&PostId> = transaction.iter().map(|post| &post.tweet_id).chain(firsts).collect();
            let (noted, barrier) =
                self.notes_and_barrier(keyword, &ids, Consistency::Eventual, &mut attempts).await?;
            let is_forgotten =
                |post: &&Post| barrier.is_some_and(|until| post.read_at.unwrap_or(sent) <= until);
            let (versions, others): (Vec<&Post>, Vec<&Post>) = transaction
                .into_iter()
                .filter(|post| !is_forgotten(post))
                .partition(|post| post.first_version.is_some());
            let is_removed = |id: &PostId| noted.get(id).is_some_and(|note| note.is_removed);
            let mut together = Together {
                posts: others.iter().copied().filter(|post| !is_removed(&post.tweet_id)).collect(),
                ..Together::default()
            };
            self.look_at_versions(keyword, versions, &noted, &mut together, &mut attempts).await?;
            inserted.new += self.insert_together(keyword, &mut together, now, &mut attempts).await?;
            // A removal writes the tombstone first and then looks for the post: either it finds the post, or its
            // tombstone is found here. In the same way a later version that came first is found.
            let ids: Vec<&PostId> = others.iter().map(|post| &post.tweet_id).collect();
            for (id, note) in self.notes(&ids, Consistency::Strong, &mut attempts).await? {
                if note.is_removed {
                    self.remove(keyword, &id, now, deadline).await?;
                } else {
                    self.supersede_first(keyword, &id, &note, now, &mut attempts).await?;
                }
            }
            for (post, first) in together.alone {
                let stored = self.insert_version(keyword, post, first, now, &mut attempts).await?;
                inserted.new += usize::from(stored == Stored::New);
            }
            inserted.retried += attempts.retries;
        }
        inserted.repeated = posts.len() - inserted.new;
        Ok(inserted)
    }

    /// Finds out what is known of the chains of later versions. Those that are new join `together`.
    async fn look_at_versions<'a>(
        &self,
        keyword: &Keyword,
        versions: Vec<&'a Post>,
        noted: &BTreeMap<PostId, Note>,
        together: &mut Together<'a>,
        attempts: &mut Attempts,
    ) -> Result<(), TableError> {
        let note = |id: &PostId| noted.get(id).cloned().unwrap_or_default();
        let with_first = versions.into_iter().filter_map(|post| Some((post, post.first_version.as_ref()?)));
        let mut present: Vec<(&Post, &PostId, Note)> = with_first
            .map(|(post, first)| (post, first, note(first)))
            .filter(|(post, _, seen)| !seen.is_removed && !note(&post.tweet_id).is_removed)
            .collect();
        // As many as one request can ask about.
        let mut ids = 0;
        present.retain(|(post, first, seen)| {
            ids += 1 + seen.versions.len();
            let fits = ids <= NOTES_A_REQUEST;
            if !fits {
                together.alone.push((*post, *first));
            }
            fits
        });
        let ids = present.iter().flat_map(|(_, first, seen)| seen.versions.iter().chain([*first]));
        let ids: Vec<&PostId> = ids.collect();
        let stored = self.stored_versions(keyword, &ids, attempts).await?;
        for (post, first, seen) in present {
            let is_of_chain = |id: &PostId| id == first || seen.versions.contains(id);
            let stored = stored.iter().filter(|(id, _)| is_of_chain(id));
            let stored = stored.map(|(id, countable)| (id.clone(), *countable)).collect();
            let version = Version { post, first, seen, stored };
            if !version.is_stored() {
                together.versions.push(version);
            }
        }
        Ok(())
    }

    /// Stores posts in one transaction; returns how many were new. A version that has to be looked at again joins those that are stored alone.
    async fn insert_together(
        &self,
        keyword: &Keyword,
        together: &mut Together<'_>,
        now: UtcTime,
        attempts: &mut Attempts,
    ) -> Result<usize, TableError> {
        while !together.posts.is_empty() || !together.versions.is_empty() {
            let mut writes = Vec::with_capacity(TRANSACTION_WRITES);
            let mut collected = Vec::with_capacity(together.posts.len());
            let mut superseded = Vec::new();
            for post in &together.posts {
                writes.push(self.put(keyword, post, None, now)?);
                collected.push(Countable::of(post, false));
            }
            // Behind which write those of each version end.
            let mut ends = Vec::with_capacity(together.versions.len());
            for version in &together.versions {
                let of_version = self.writes_of(keyword, version, now)?;
                writes.extend(of_version.conditional);
                superseded.extend(of_version.superseded);
                collected.push(version.countable());
                ends.push(writes.len());
            }
            let conditional = writes.len();
            writes.extend(self.statistics.count_posts(keyword, &collected, &superseded, now)?);
            if writes.len() > TRANSACTION_WRITES
                && let Some(Version { post, first, .. }) = together.versions.pop()
            {
                together.alone.push((post, first));
                continue;
            }
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(collected.len()) };
            match Cancellation::of(&error, conditional) {
                Cancellation::ConditionFailed(failed) => together.leave_out(&failed, &ends),
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
