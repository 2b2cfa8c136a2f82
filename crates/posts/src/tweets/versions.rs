//! Versions: where an edit is a new post (X), the newest that is stored under a keyword supersedes the others there.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, KeysAndAttributes, TransactWriteItem, Update};

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::correct::{COUNTED, counted_names};
use super::notes::{Consistency, Note};
use super::table::TweetsTable;
use crate::statistics::Countable;
use crate::{Keyword, Post, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

const ACTION: &str = "store a version of a post";

/// What became of a post that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// It was stored and counted now.
    New,
    /// It had been before, or was removed or forgotten.
    Repeated,
}

/// A post that is a later version of another, and what is known of its chain.
#[derive(Debug)]
pub(super) struct Version<'a> {
    /// The post.
    pub(super) post: &'a Post,
    /// The first version.
    pub(super) first: &'a PostId,
    /// The note on the first version.
    pub(super) seen: Note,
    /// The versions that are stored under the keyword.
    pub(super) stored: BTreeMap<PostId, Countable>,
}

/// What a transaction writes for a version.
#[derive(Debug, Default)]
pub(super) struct VersionWrites {
    /// The conditional writes: if another write comes between, one of them fails.
    pub(super) conditional: Vec<TransactWriteItem>,
    /// What is counted as superseded.
    pub(super) superseded: Vec<Countable>,
}

impl Version<'_> {
    /// The newest version that is stored, if it is newer than the post.
    fn newer(&self) -> Option<&PostId> {
        self.stored.keys().next_back().filter(|id| **id > self.post.tweet_id)
    }

    /// What the post is counted as.
    pub(super) fn countable(&self) -> Countable {
        Countable::of(self.post, self.newer().is_some())
    }

    /// Whether the post itself is stored.
    pub(super) fn is_stored(&self) -> bool {
        self.stored.contains_key(&self.post.tweet_id)
    }
}

impl TweetsTable {
    /// Stores a version and counts it; the versions that are stored under the keyword and are older are marked as superseded, and the post
    /// itself if one is newer. All of it or nothing.
    ///
    /// # Errors
    /// DynamoDB's error, after conflicts and throttling were retried.
    pub(super) async fn insert_version(
        &self,
        keyword: &Keyword,
        post: &Post,
        first: &PostId,
        now: UtcTime,
        attempts: &mut Attempts,
    ) -> Result<Stored, TableError> {
        loop {
            let mut notes = self.notes(&[first, &post.tweet_id], Consistency::Strong, attempts).await?;
            if notes.values().any(|note| note.is_removed) {
                return Ok(Stored::Repeated);
            }
            let seen = notes.remove(first).unwrap_or_default();
            let ids: Vec<&PostId> = seen.versions.iter().chain([first]).collect();
            let stored = self.stored_versions(keyword, &ids, attempts).await?;
            let version = Version { post, first, seen, stored };
            if version.is_stored() {
                return Ok(Stored::Repeated);
            }
            let VersionWrites { conditional: mut writes, superseded } =
                self.writes_of(keyword, &version, now)?;
            let conditional = writes.len();
            writes.extend(self.statistics.count_posts(keyword, &[version.countable()], &superseded, now)?);
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(Stored::New) };
            match Cancellation::of(&error, conditional) {
                // Another write came between: it is looked at again.
                Cancellation::ConditionFailed(_) | Cancellation::Transient if attempts.next().await => {}
                _ => return Err(TableError::during(ACTION)(error)),
            }
        }
    }

    /// What a transaction writes to store a version, its counts apart.
    pub(super) fn writes_of(
        &self,
        keyword: &Keyword,
        version: &Version<'_>,
        now: UtcTime,
    ) -> Result<VersionWrites, TableError> {
        let Version { post, first, seen, stored } = version;
        let own = &post.tweet_id;
        let mut writes = VersionWrites {
            conditional: vec![
                self.put(keyword, post, version.newer(), now)?,
                self.version_write(first, own, seen, now)?,
            ],
            superseded: Vec::new(),
        };
        if !stored.contains_key(*first) {
            writes.conditional.push(self.is_not_stored(keyword, first)?);
        }
        for (id, older) in stored.iter().filter(|(id, version)| *id < own && !version.is_superseded) {
            writes.conditional.push(self.supersede(keyword, id, own)?);
            writes.superseded.push(*older);
        }
        Ok(writes)
    }

    /// Marks the post `first`, which is stored under `keyword`, as superseded, if one of its later `versions` is stored there too: they came
    /// first.
    ///
    /// # Errors
    /// DynamoDB's error, after conflicts and throttling were retried.
    pub(super) async fn supersede_first(
        &self,
        keyword: &Keyword,
        first: &PostId,
        note: &Note,
        now: UtcTime,
        attempts: &mut Attempts,
    ) -> Result<(), TableError> {
        loop {
            let ids: Vec<&PostId> = note.versions.iter().chain([first]).collect();
            let stored = self.stored_versions(keyword, &ids, attempts).await?;
            let newest = stored.keys().next_back().filter(|id| *id != first);
            let (Some(own), Some(newest)) = (stored.get(first), newest) else { return Ok(()) };
            if own.is_superseded {
                return Ok(());
            }
            let mut writes = vec![self.supersede(keyword, first, newest)?];
            writes.extend(self.statistics.count_posts(keyword, &[], &[*own], now)?);
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(()) };
            match Cancellation::of(&error, 1) {
                Cancellation::ConditionFailed(_) | Cancellation::Transient if attempts.next().await => {}
                _ => return Err(TableError::during(ACTION)(error)),
            }
        }
    }

    /// The ids of all versions of a post, itself among them, as far as they are known. They are removed together.
    ///
    /// `first` is written a tombstone: from then on, no further version is stored.
    pub(super) async fn close_chain(
        &self,
        first: &PostId,
        now: UtcTime,
    ) -> Result<BTreeSet<PostId>, TableError> {
        let Note { mut versions, .. } = self.put_tombstone(first, now).await?;
        versions.insert(first.clone());
        Ok(versions)
    }

    /// Which of these posts, at most a hundred different ones, are stored under a keyword.
    pub(super) async fn stored_versions(
        &self,
        keyword: &Keyword,
        ids: &[&PostId],
        attempts: &mut Attempts,
    ) -> Result<BTreeMap<PostId, Countable>, TableError> {
        let keys: Vec<_> = ids.iter().map(|id| self.key(keyword, id)).collect();
        let read = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(COUNTED)
            .set_expression_attribute_names(Some(counted_names()));
        let mut stored = BTreeMap::new();
        for item in self.items(keys, read, attempts, ACTION).await? {
            if let Some(countable) = self.countable(&item)? {
                stored.insert(self.id(&item)?, countable);
            }
        }
        Ok(stored)
    }

    /// The part of a transaction that marks a stored version as superseded by another, on the condition that it is not yet.
    fn supersede(
        &self,
        keyword: &Keyword,
        id: &PostId,
        by: &PostId,
    ) -> Result<TransactWriteItem, TableError> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, id)))
            .update_expression("SET #superseded = :by")
            .condition_expression("attribute_exists(#text) AND attribute_not_exists(#superseded)")
            .expression_attribute_names("#superseded", Self::SUPERSEDED_BY)
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_values(":by", AttributeValue::S(by.to_string()));
        self.write(update)
    }

    /// The part of a transaction that requires that a post is not stored under a keyword.
    fn is_not_stored(&self, keyword: &Keyword, id: &PostId) -> Result<TransactWriteItem, TableError> {
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, id)))
            .condition_expression("attribute_not_exists(#text)")
            .expression_attribute_names("#text", Self::TEXT)
            .build()
            .map_err(|error| self.invalid_item(&error))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}
