//! Taking the country off a post whose author took its place off.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::correct::Correction;
use super::table::{StoredPost, TweetsTable};
use crate::PostId;
use place::{Country, CountrySource};
use service::tables::TableError;
use utc_time::UtcTime;

impl TweetsTable {
    /// Takes the country off a post under every keyword, if it is known by the post's place, and counts the post as of an unknown
    /// country: both or neither. A country that the author's profile names is not the post's place, and stays.
    ///
    /// # Errors
    /// DynamoDB's error, after conflicts and throttling were retried until `deadline`; or an item that this version cannot read.
    /// Retrying is safe.
    pub async fn scrub_place(
        &self,
        id: &PostId,
        now: UtcTime,
        deadline: Instant,
    ) -> Result<Correction, TableError> {
        let mut attempts = Attempts::until(deadline);
        let mut correction = Correction::NotNeeded;
        // Another write of the post may come between; then it is read again.
        loop {
            let stored = self.under_all_keywords(id).await?;
            let placed = stored.iter().filter_map(|stored| Some((stored, by_place(stored)?)));
            let mut is_clean = true;
            for (stored, country) in placed {
                match self.take_off(stored, &country, now).await? {
                    Some(()) => correction = Correction::Made,
                    None => is_clean = false,
                }
            }
            if is_clean {
                return Ok(correction);
            }
            if !attempts.next().await {
                return Err(TableError::Throttled { action: SCRUB });
            }
        }
    }

    /// Takes the country off a post under one keyword; `None` if another write came between, or may have.
    async fn take_off(
        &self,
        StoredPost { post, keyword, .. }: &StoredPost,
        country: &Country,
        now: UtcTime,
    ) -> Result<Option<()>, TableError> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(self.key(keyword, &post.tweet_id)))
            .update_expression("REMOVE #country, #source")
            .condition_expression("attribute_exists(#date) AND #country = :country")
            .expression_attribute_names("#country", Self::COUNTRY)
            .expression_attribute_names("#source", Self::COUNTRY_SOURCE)
            .expression_attribute_names("#date", Self::INDEX_SORT_KEY)
            .expression_attribute_values(":country", AttributeValue::S(country.to_string()))
            .build()
            .map_err(|error| self.invalid_item(&error))?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        writes.extend(self.statistics.count_moved(keyword, post.create_date, country, now)?);
        let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = answer else { return Ok(Some(())) };
        match Cancellation::of(&error, 1) {
            Cancellation::ConditionFailed(_) | Cancellation::Transient => Ok(None),
            Cancellation::Other => Err(TableError::during(SCRUB)(error)),
        }
    }
}

const SCRUB: &str = "take the country off a post";

/// The country that is known by a post's place.
fn by_place(stored: &StoredPost) -> Option<Country> {
    stored.post.country.filter(|_| stored.post.country_source != Some(CountrySource::Profile))
}
