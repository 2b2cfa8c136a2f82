//! Corrections: posts that were edited or removed after they had been stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::item::{Detail, PACKED, StoredPost, to_item};
use super::table::{TweetsTable, expires_at};
use crate::statistics::{Countable, KnownBy};
use crate::{Keyword, Post, PostId};
use place::{Country, CountrySource, InvalidCountry};
use service::tables::TableError;
use utc_time::UtcTime;

/// What became of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It was made.
    Made,
    /// There was nothing to correct: the post is not stored, or has been corrected already.
    NotNeeded,
}

/// What is read of an item to tell what its post is counted as.
pub(super) const COUNTED: &str = "#id, #text, #date, #country, #source, #how, #superseded";

/// The names in [`COUNTED`].
pub(super) fn counted_names() -> HashMap<String, String> {
    let names = [
        ("#id", TweetsTable::PARTITION_KEY),
        ("#text", TweetsTable::TEXT),
        ("#date", TweetsTable::INDEX_SORT_KEY),
        ("#country", TweetsTable::COUNTRY),
        ("#source", TweetsTable::COUNTRY_SOURCE),
        ("#how", TweetsTable::COUNTRY_HOW),
        ("#superseded", TweetsTable::SUPERSEDED_BY),
    ];
    names.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned())).into()
}

impl TweetsTable {
    /// Replaces the text of a stored post, and what no filter uses, if `post` is a later version of it. It stays counted under its
    /// hour and country.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn edit(&self, keyword: &Keyword, post: &Post) -> Result<Correction, TableError> {
        let Some(edited_at) = post.edited_at else { return Ok(Correction::NotNeeded) };
        let stored =
            StoredPost { post: post.clone(), keyword: keyword.clone(), superseded_by: None, expires_at: 0 };
        let mut item = to_item(&stored).map_err(|error| self.invalid_item(&error))?;
        let packed = item.remove(PACKED);
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, &post.tweet_id)))
            .update_expression(match packed {
                Some(_) => "SET #text = :text, #edited = :edited, #packed = :packed",
                None => "SET #text = :text, #edited = :edited REMOVE #packed",
            })
            .condition_expression(
                "attribute_exists(#text) AND (attribute_not_exists(#edited) OR #edited < :edited)",
            )
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_names("#edited", Self::EDITED_AT)
            .expression_attribute_names("#packed", PACKED)
            .expression_attribute_values(":text", AttributeValue::S(post.text.clone()))
            .expression_attribute_values(":edited", AttributeValue::S(edited_at.to_string()));
        if let Some(packed) = packed {
            request = request.expression_attribute_values(":packed", packed);
        }
        let answer = request.send().await;
        match answer {
            Ok(_) => Ok(Correction::Made),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Correction::NotNeeded)
            }
            Err(error) => Err(TableError::during("edit a post")(error)),
        }
    }

    /// Removes a post that is stored under `keyword` and counts it as removed: both or neither. One that is not stored is not stored later
    /// either. Only its id and its
    /// times remain, so that it is not stored again under any keyword.
    ///
    /// # Errors
    /// DynamoDB's error, after conflicts and throttling were retried until `deadline`; or an item that this version
    /// cannot read.
    pub async fn remove(
        &self,
        keyword: &Keyword,
        id: &PostId,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Correction, TableError> {
        let mut attempts = Attempts::until(deadline);
        loop {
            let Some(counted) = self.counted_as(keyword, id).await? else {
                // It may still come: from the dead-letter queue, or out of order.
                self.put_tombstone(id, now).await?;
                return Ok(Correction::NotNeeded);
            };
            let mut removed = self.key(keyword, id);
            // It stays in the index, so that an export of ids tells of it.
            removed.insert(Self::INDEX_SORT_KEY.to_owned(), AttributeValue::S(counted.created.to_string()));
            removed.insert(Self::REMOVED_AT.to_owned(), AttributeValue::S(now.to_string()));
            removed.insert(Self::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at(now).to_string()));
            let put = Put::builder()
                .table_name(&self.name)
                .set_item(Some(removed))
                .expression_attribute_names("#text", Self::TEXT)
                .expression_attribute_names("#country", Self::COUNTRY)
                .expression_attribute_names("#superseded", Self::SUPERSEDED_BY);
            // What it is counted as must not have changed.
            let mut condition = "attribute_exists(#text) AND ".to_owned();
            let put = match counted.country {
                Some(country) => {
                    condition += "#country = :country AND ";
                    put.expression_attribute_values(":country", AttributeValue::S(country.to_string()))
                }
                None => {
                    condition += "attribute_not_exists(#country) AND ";
                    put
                }
            };
            condition += if counted.is_superseded {
                "attribute_exists(#superseded)"
            } else {
                "attribute_not_exists(#superseded)"
            };
            let put =
                put.condition_expression(condition).build().map_err(|error| self.invalid_item(&error))?;
            let mut writes =
                vec![TransactWriteItem::builder().put(put).build(), self.tombstone_write(id, now)?];
            writes.extend(self.statistics.count_removed(keyword, counted, now)?);
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(Correction::Made) };
            match Cancellation::of(&error, 1) {
                // Another call has just removed it, taken its country off, or stored a newer version.
                Cancellation::ConditionFailed(_) | Cancellation::Transient if attempts.next().await => {}
                _ => return Err(TableError::during("remove a post")(error)),
            }
        }
    }

    /// Removes a post under every keyword, with all its versions where an edit is a new post (X). It is not stored again under any.
    ///
    /// # Errors
    /// DynamoDB's error, after conflicts and throttling were retried until `deadline`; or an item that this version
    /// cannot read. Retrying is safe.
    pub async fn remove_everywhere(
        &self,
        id: &PostId,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Correction, TableError> {
        let stored = self.under_all_keywords(id, Detail::Attributes).await?;
        let Some(StoredPost { post, .. }) = stored.first() else { return Ok(Correction::NotNeeded) };
        let first = post.first_version.as_ref().unwrap_or(id);
        // The tombstones come first: an insertion that begins later sees one, and what an earlier one stored is found
        // below.
        let versions = self.close_chain(first, now).await?;
        // The post itself comes last: if this fails before, the next attempt finds it.
        for version in versions.iter().filter(|version| *version != id).chain([id]) {
            if version != first {
                self.put_tombstone(version, now).await?;
            }
            for stored in self.under_all_keywords(version, Detail::Attributes).await? {
                self.remove(&stored.keyword, version, now, deadline).await?;
            }
        }
        Ok(Correction::Made)
    }

    /// What a stored post is counted as; none if the post is not stored.
    async fn counted_as(&self, keyword: &Keyword, id: &PostId) -> Result<Option<Countable>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, id)))
            .consistent_read(true)
            .projection_expression(COUNTED)
            .set_expression_attribute_names(Some(counted_names()))
            .send()
            .await
            .map_err(TableError::during("read a post"))?;
        self.countable(&answer.item.unwrap_or_default())
    }

    /// What a post is counted as, by an item with these attributes; none if it is no stored post.
    pub(super) fn countable(
        &self,
        item: &HashMap<String, AttributeValue>,
    ) -> Result<Option<Countable>, TableError> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        if !item.contains_key(Self::TEXT) {
            return Ok(None);
        }
        let created = self.text(item, Self::INDEX_SORT_KEY)?;
        let created: UtcTime = created.parse().map_err(|error| self.invalid_item(&error))?;
        let country: Option<Country> = text(Self::COUNTRY)
            .map(|code| code.parse())
            .transpose()
            .map_err(|error: InvalidCountry| self.invalid_item(&error))?;
        let source = text(Self::COUNTRY_SOURCE).and_then(|name| CountrySource::from_name(name));
        let how = text(Self::COUNTRY_HOW).and_then(|name| name.parse().ok());
        Ok(Some(Countable {
            created,
            country,
            known_by: source.and_then(|source| KnownBy::new(source, how)),
            is_superseded: item.contains_key(Self::SUPERSEDED_BY),
        }))
    }
}
