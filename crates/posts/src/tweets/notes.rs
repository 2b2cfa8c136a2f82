//! Notes: what is known of a post under every keyword. That it was removed, so that it is not stored again (its tombstone); and which later
//! versions of it there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, TransactWriteItem, Update};

use super::attempts::Attempts;
use super::batch::ITEMS_A_REQUEST;
use super::forget::{UNTIL, barrier_keys};
use super::table::{TweetsTable, item_key};
use crate::{Keyword, PostId};
use service::tables::TableError;
use utc_time::UtcTime;

/// The sort key of a note. A keyword never begins with a space.
const NOTE: &str = " taken back";

/// How long a note is kept: longer than anything that could deliver the post again. A dead letter is kept for two weeks, and X's recent search
/// covers one.
const KEEP_NOTES: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The attribute that holds the ids of later versions.
const VERSIONS: &str = "versions";

/// The most posts whose notes are read in one request; two more of its items are barriers.
pub(super) const NOTES_A_REQUEST: usize = ITEMS_A_REQUEST - 2;

/// What is known of a post under every keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// Whether it was removed.
    pub(super) is_removed: bool,
    /// The later versions of which it is the first, as far as they are known.
    pub(super) versions: BTreeSet<PostId>,
}

/// The consistency of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consistency {
    /// Eventually consistent, at half the price.
    Eventual,
    /// Strongly consistent.
    Strong,
}

impl TweetsTable {
    /// The notes on these posts, at most [`NOTES_A_REQUEST`]; posts without one are left out.
    pub(super) async fn notes(
        &self,
        ids: &[&PostId],
        consistency: Consistency,
        attempts: &mut Attempts,
    ) -> Result<BTreeMap<PostId, Note>, TableError> {
        let keys = ids.iter().copied().map(note_key).collect();
        Ok(self.notes_at(keys, consistency, attempts).await?.0)
    }

    /// The same, and what was sent until when is not stored under the keyword; `None` if nothing of it was forgotten.
    pub(super) async fn notes_and_barrier(
        &self,
        keyword: &Keyword,
        ids: &[&PostId],
        consistency: Consistency,
        attempts: &mut Attempts,
    ) -> Result<(BTreeMap<PostId, Note>, Option<UtcTime>), TableError> {
        let keys = ids.iter().copied().map(note_key).chain(barrier_keys(keyword)).collect();
        self.notes_at(keys, consistency, attempts).await
    }

    async fn notes_at(
        &self,
        keys: Vec<HashMap<String, AttributeValue>>,
        consistency: Consistency,
        attempts: &mut Attempts,
    ) -> Result<(BTreeMap<PostId, Note>, Option<UtcTime>), TableError> {
        let (mut found, mut barrier) = (BTreeMap::new(), None);
        let read = KeysAndAttributes::builder()
            .consistent_read(consistency == Consistency::Strong)
            .projection_expression("#id, #removed, #versions, #until")
            .expression_attribute_names("#id", Self::PARTITION_KEY)
            .expression_attribute_names("#removed", Self::REMOVED_AT)
            .expression_attribute_names("#versions", VERSIONS)
            .expression_attribute_names("#until", UNTIL);
        for item in self.items(keys, read, attempts, "read which posts were removed").await? {
            if let Some(until) = item.get(UNTIL).and_then(|until| until.as_s().ok()) {
                let until: UtcTime = until.parse().map_err(|error| self.invalid_item(&error))?;
                barrier = barrier.max(Some(until));
            } else {
                found.insert(self.id(&item)?, self.note(&item)?);
            }
        }
        Ok((found, barrier))
    }

    /// Writes a post's tombstone; returns its note.
    pub(super) async fn put_tombstone(&self, id: &PostId, now: UtcTime) -> Result<Note, TableError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(note_key(id)))
            .update_expression(TOMBSTONE)
            .expression_attribute_names("#removed", Self::REMOVED_AT)
            .expression_attribute_names("#expires", Self::TIME_TO_LIVE)
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":expires", expiry(now))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(TableError::during("remove a post"))?;
        self.note(&answer.attributes.unwrap_or_default())
    }

    /// The part of a transaction that writes a post's tombstone.
    pub(super) fn tombstone_write(&self, id: &PostId, now: UtcTime) -> Result<TransactWriteItem, TableError> {
        let update = self
            .note_update(id)
            .update_expression(TOMBSTONE)
            .expression_attribute_names("#removed", Self::REMOVED_AT)
            .expression_attribute_names("#expires", Self::TIME_TO_LIVE)
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":expires", expiry(now));
        self.write(update)
    }

    /// The part of a transaction that notes a later version of the post `first`, on the condition that its note is still `seen`, and that it
    /// was not removed: of two versions that are stored at a time, one sees the other.
    pub(super) fn version_write(
        &self,
        first: &PostId,
        version: &PostId,
        seen: &Note,
        now: UtcTime,
    ) -> Result<TransactWriteItem, TableError> {
        let ids =
            |ids: &mut dyn Iterator<Item = &PostId>| AttributeValue::Ss(ids.map(PostId::to_string).collect());
        let update = self
            .note_update(first)
            .update_expression("ADD #versions :version SET #expires = :expires")
            .expression_attribute_names("#removed", Self::REMOVED_AT)
            .expression_attribute_names("#expires", Self::TIME_TO_LIVE)
            .expression_attribute_names("#versions", VERSIONS)
            .expression_attribute_values(":version", ids(&mut std::iter::once(version)))
            .expression_attribute_values(":expires", expiry(now));
        let update = if seen.versions.is_empty() {
            update.condition_expression("attribute_not_exists(#removed) AND attribute_not_exists(#versions)")
        } else {
            update
                .condition_expression("attribute_not_exists(#removed) AND #versions = :seen")
                .expression_attribute_values(":seen", ids(&mut seen.versions.iter()))
        };
        self.write(update)
    }

    fn note(&self, item: &HashMap<String, AttributeValue>) -> Result<Note, TableError> {
        let versions = item.get(VERSIONS).and_then(|versions| versions.as_ss().ok()).into_iter().flatten();
        let versions: Result<_, _> = versions.map(|id| id.parse()).collect();
        Ok(Note {
            is_removed: item.contains_key(Self::REMOVED_AT),
            versions: versions.map_err(|error: crate::post::InvalidPostId| self.invalid_item(&error))?,
        })
    }

    fn note_update(&self, id: &PostId) -> UpdateBuilder {
        Update::builder().table_name(&self.name).set_key(Some(note_key(id)))
    }

    /// A part of a transaction.
    pub(super) fn write(&self, update: UpdateBuilder) -> Result<TransactWriteItem, TableError> {
        let update = update.build().map_err(|error| self.invalid_item(&error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// What makes a note a tombstone.
const TOMBSTONE: &str = "SET #removed = :now, #expires = :expires";

fn expiry(now: UtcTime) -> AttributeValue {
    AttributeValue::N((now.after(KEEP_NOTES).as_millis() / 1000).to_string())
}

fn note_key(id: &PostId) -> HashMap<String, AttributeValue> {
    item_key(id.as_str(), NOTE)
}
