//! Corrections: posts that were changed or taken back after they had been stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::insert::{Cancelled, cancellation};
use super::table::{TweetsTable, expires_at};
use crate::statistics::StatisticsTable;
use crate::{Keyword, Post, PostId};
use place::Country;
use service::tables::TableError;
use utc_time::UtcTime;

/// What became of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It is made.
    Made,
    /// There is nothing to correct: the post is not there, or the correction is made already.
    NotNeeded,
}

impl TweetsTable {
    /// Gives a stored post its new text, if `post` is a later version. What it is counted under, its
    /// hour and country, stays as it was.
    ///
    /// # Errors
    /// What DynamoDB answered.
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
            .expression_attribute_names("#text", "text")
            .expression_attribute_names("#edited", "editedAt")
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
            Err(error) => Err(TableError::during("change a post")(error)),
        }
    }

    /// Takes a post back that is stored under `keyword`, and counts it as removed: both or neither. Of the
    /// post nothing is left but its id, so that it is not stored again, under this keyword or another.
    ///
    /// # Errors
    /// What DynamoDB answered, after conflicts and throttling were tried again until `deadline`; or an item
    /// that this version cannot read.
    pub async fn remove(
        &self,
        keyword: &Keyword,
        id: &PostId,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Correction, TableError> {
        let mut attempts = Attempts::until(deadline);
        loop {
            let Some(counted) = self.counted_under(keyword, id).await? else {
                return Ok(Correction::NotNeeded);
            };
            let mut gone = self.key(keyword, id);
            gone.insert(Self::REMOVED_AT.to_owned(), AttributeValue::S(now.to_string()));
            gone.insert(Self::TIME_TO_LIVE.to_owned(), AttributeValue::N(expires_at(now).to_string()));
            let put = Put::builder()
                .table_name(&self.name)
                .set_item(Some(gone))
                .condition_expression("attribute_exists(#date)")
                .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
                .build()
                .map_err(|error| self.broken(&error))?;
            let writes = vec![
                TransactWriteItem::builder().put(put).build(),
                self.statistics.removing(keyword, counted)?,
                self.remembering(id, now)?,
            ];
            let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = answer else { return Ok(Correction::Made) };
            match cancellation(&error, 1) {
                // Somebody else has just taken it back.
                Cancelled::AlreadyThere(_) => return Ok(Correction::NotNeeded),
                Cancelled::Passing if attempts.next().await => {}
                Cancelled::Passing | Cancelled::Otherwise => {
                    return Err(TableError::during("take a post back")(error));
                }
            }
        }
    }

    /// Under which hour and country a stored post was counted; none if it is not there.
    async fn counted_under(&self, keyword: &Keyword, id: &PostId) -> Result<Option<String>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, id)))
            .consistent_read(true)
            .projection_expression("#date, #country")
            .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
            .expression_attribute_names("#country", "country")
            .send()
            .await
            .map_err(TableError::during("read a post"))?;
        let item: HashMap<String, AttributeValue> = answer.item.unwrap_or_default();
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let Some(made) = text(Self::INDEX_SORT_KEY) else { return Ok(None) };
        let made: UtcTime = made.parse().map_err(|error| self.broken(&error))?;
        let country: Option<Country> = text("country")
            .map(|code| code.parse())
            .transpose()
            .map_err(|error: String| self.broken(&error))?;
        Ok(Some(StatisticsTable::sort_key_of(made, country.as_ref())))
    }
}
