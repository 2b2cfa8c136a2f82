//! Taking the country off a post whose author took its place off.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::Instant;

use super::attempts::Attempts;
use super::cancellation::Cancellation;
use super::correct::Correction;
use super::item::{Detail, StoredPost, to_item};
use super::table::TweetsTable;
use crate::PostId;
use crate::sources::x::without_place;
use crate::statistics::Countable;
use place::CountrySource;
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
            let stored = self.under_all_keywords(id, Detail::Whole).await?;
            let mut is_clean = true;
            for stored in &stored {
                let scrubbed = scrubbed(stored);
                if scrubbed == *stored {
                    continue;
                }
                match self.take_off(stored, &scrubbed, now).await? {
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

    /// Puts a post in the place of what is stored under one keyword; `None` if another write came between, or may have.
    async fn take_off(
        &self,
        stored: &StoredPost,
        scrubbed: &StoredPost,
        now: UtcTime,
    ) -> Result<Option<()>, TableError> {
        let StoredPost { post, keyword, superseded_by, .. } = stored;
        // What it is counted as must not have changed.
        let exists = |attribute: &str, exists: bool| match exists {
            true => format!("attribute_exists({attribute})"),
            false => format!("attribute_not_exists({attribute})"),
        };
        let conditions = [
            exists("#text", true),
            post.country.map_or_else(|| exists("#country", false), |_| "#country = :country".to_owned()),
            exists("#superseded", superseded_by.is_some()),
        ];
        let item = to_item(scrubbed).map_err(|error| self.invalid_item(&error))?;
        let country =
            post.country.map(|country| (":country".to_owned(), AttributeValue::S(country.to_string())));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(conditions.join(" AND "))
            .expression_attribute_names("#country", Self::COUNTRY)
            .expression_attribute_names("#text", Self::TEXT)
            .expression_attribute_names("#superseded", Self::SUPERSEDED_BY)
            .set_expression_attribute_values(country.map(|value| HashMap::from([value])))
            .build()
            .map_err(|error| self.invalid_item(&error))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        if scrubbed.post.country != post.country {
            let counted = Countable::of(post, superseded_by.is_some());
            writes.extend(self.statistics.count_moved(keyword, counted, now)?);
        }
        let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = answer else { return Ok(Some(())) };
        match Cancellation::of(&error, 1) {
            Cancellation::ConditionFailed(_) | Cancellation::Transient => Ok(None),
            Cancellation::Other => Err(TableError::during(SCRUB)(error)),
        }
    }
}

const SCRUB: &str = "take the country off a post";

/// A post without its place: neither the country that the place told, nor its name, nor what the source sent of it.
fn scrubbed(stored: &StoredPost) -> StoredPost {
    let mut scrubbed = stored.clone();
    let post = &mut scrubbed.post;
    if post.country_source != Some(CountrySource::Profile) {
        (post.country, post.country_source, post.country_how) = (None, None, None);
    }
    post.place_name = None;
    post.raw = post.raw.as_ref().map(without_place);
    scrubbed
}
