//! Corrections: posts that were edited or removed after they had been stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::item::Detail;
use super::table::{TweetsTable, expires_at};
use crate::statistics::sort_key_of;
use crate::{Keyword, Post, PostId};
use place::{Country, InvalidCountry};
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

impl TweetsTable {
    /// Replaces the text of a stored post if `post` is a later version of it. It stays counted under its hour and
    /// country.
    ///
    /// # Errors
    /// DynamoDB's error.
    pub async fn edit(&self, keyword: &Keyword, post: &Post) -> Result<Correction, TableError> {
        let Some(edited_at) = post.edited_at else { return Ok(Correction::NotNeeded) };
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, &post.tweet_id)))
            .update_expression("SET #text = :text, #edited = :edited")
            .condition_expression(
                "attribute_exists(#date) AND (attribute_not_exists(#edited) OR #edited < :edited)",
            )
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_names("#edited", Self::EDITED_AT)
            .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
            .expression_attribute_values(":text", AttributeValue::S(post.text.clone()))
            .expression_attribute_values(":edited", AttributeValue::S(edited_at.to_string()))
            .send()
            .await;
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

    /// Removes a post that is stored under `keyword` and counts it as removed: both or neither. Only its id remains,
    /// so that it is not stored again under any keyword.
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
            let Some((created, country)) = self.counted_as(keyword, id).await? else {
                return Ok(Correction::NotNeeded);
            };
            let mut removed = self.key(keyword, id);
            removed.insert(Self::REMOVED_AT.to_owned(), AttributeValue::S(now.to_string()));
            removed.insert(Self::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at(now).to_string()));
            let put = Put::builder()
                .table_name(&self.name)
                .set_item(Some(removed))
                .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
                .expression_attribute_names("#country", Self::COUNTRY);
            // What is counted as removed must be what is counted as collected.
            let put = match country {
                Some(country) => put
                    .condition_expression("attribute_exists(#date) AND #country = :country")
                    .expression_attribute_values(":country", AttributeValue::S(country.to_string())),
                None => {
                    put.condition_expression("attribute_exists(#date) AND attribute_not_exists(#country)")
                }
            };
            let put = put.build().map_err(|error| self.invalid_item(&error))?;
            let writes = vec![
                TransactWriteItem::builder().put(put).build(),
                self.statistics.count_removed(keyword, sort_key_of(created, country.as_ref()))?,
                self.tombstone_write(id, now)?,
            ];
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(Correction::Made) };
            match Cancellation::of(&error, 1) {
                // Another call has just removed it, or taken its country off.
                Cancellation::ConditionFailed(_) | Cancellation::Transient if attempts.next().await => {}
                _ => return Err(TableError::during("remove a post")(error)),
            }
        }
    }

    /// Removes a post under every keyword. It is not stored again under any.
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
        if self.under_all_keywords(id, Detail::Attributes).await?.is_empty() {
            return Ok(Correction::NotNeeded);
        }
        // The tombstone comes first: an insertion that begins later sees it, and what an earlier one stored is found
        // below.
        self.put_tombstone(id, now).await?;
        for stored in self.under_all_keywords(id, Detail::Attributes).await? {
            self.remove(&stored.keyword, id, now, deadline).await?;
        }
        Ok(Correction::Made)
    }

    /// When a stored post was created and its country, by which it is counted; none if the post is not stored.
    async fn counted_as(
        &self,
        keyword: &Keyword,
        id: &PostId,
    ) -> Result<Option<(UtcTime, Option<Country>)>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, id)))
            .consistent_read(true)
            .projection_expression("#date, #country")
            .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
            .expression_attribute_names("#country", Self::COUNTRY)
            .send()
            .await
            .map_err(TableError::during("read a post"))?;
        let item: HashMap<String, AttributeValue> = answer.item.unwrap_or_default();
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let Some(created) = text(Self::INDEX_SORT_KEY) else { return Ok(None) };
        let created: UtcTime = created.parse().map_err(|error| self.invalid_item(&error))?;
        let country: Option<Country> = text(Self::COUNTRY)
            .map(|code| code.parse())
            .transpose()
            .map_err(|error: InvalidCountry| self.invalid_item(&error))?;
        Ok(Some((created, country)))
    }
}
