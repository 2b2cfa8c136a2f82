//! Counts by minute: one item for each keyword and hour, whatever the country.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::table::StatisticsTable;
use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// The minutes of an hour.
pub(super) const MINUTES: usize = 60;

/// The prefix of the sort keys; the hour follows. It sorts behind every hour's counts.
const PREFIX: &str = "minutes#";

/// The first letters of the attributes; the minute follows, as in `c07`.
pub(super) const COLLECTED: char = 'c';
pub(super) const REMOVED: char = 'r';
pub(super) const SUPERSEDED: char = 's';

/// The most items in one request.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const ITEMS_A_REQUEST: usize = 100;

/// How often a request is repeated for items that DynamoDB left out because it was busy.
const ATTEMPTS: u32 = 5;

/// How long is waited before the first of these repetitions; twice as long before each further one.
const BACKOFF: Duration = Duration::from_millis(50);

/// The posts of one keyword and minute, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteCount {
    /// The keyword.
    pub keyword: Keyword,
    /// The start of the minute.
    pub minute: UtcTime,
    /// Posts collected so far; it only grows.
    pub collected: u64,
    /// Posts removed since.
    pub removed: u64,
    /// Stored posts of which a newer version is stored too.
    pub superseded: u64,
}

impl MinuteCount {
    /// Posts that are stored, every version counted.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.collected.saturating_sub(self.removed)
    }

    /// Posts that are stored, of each the newest version.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.stored().saturating_sub(self.superseded)
    }
}

impl StatisticsTable {
    /// The minutes of `keyword` in which posts were written, from the hour of `from` to that of `to`, both included, in order of time.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn minutes(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
    ) -> Result<Vec<MinuteCount>, TableError> {
        let query = self.range(keyword, sort_key_of_minutes(from), sort_key_of_minutes(to));
        self.minutes_of(&self.items(query).await?)
    }

    /// The minutes of these keywords in the hour of `at` in which posts were written. The read is strongly consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn minutes_in_hour(
        &self,
        keywords: impl IntoIterator<Item = &Keyword>,
        at: UtcTime,
    ) -> Result<Vec<MinuteCount>, TableError> {
        let key = |keyword: &Keyword| {
            HashMap::from([
                (Self::PARTITION_KEY.to_owned(), AttributeValue::S(keyword.to_string())),
                (Self::SORT_KEY.to_owned(), AttributeValue::S(sort_key_of_minutes(at))),
            ])
        };
        let keys: Vec<_> = keywords.into_iter().map(key).collect();
        let mut found = Vec::new();
        for keys in keys.chunks(ITEMS_A_REQUEST) {
            found.extend(self.minutes_of(&self.items_at(keys.to_vec()).await?)?);
        }
        Ok(found)
    }

    async fn items_at(
        &self,
        keys: Vec<HashMap<String, AttributeValue>>,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, TableError> {
        const ACTION: &str = "read counts by minute";
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let request = request.map_err(|error| self.invalid_item(&error))?;
        let mut unprocessed = Some(HashMap::from([(self.name.clone(), request)]));
        let mut items = Vec::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
            }
            let request = self.client.batch_get_item().set_request_items(unprocessed.take());
            let answer = request.send().await.map_err(TableError::during(ACTION))?;
            items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            unprocessed = answer.unprocessed_keys;
            if unprocessed.as_ref().is_none_or(HashMap::is_empty) {
                return Ok(items);
            }
        }
        Err(TableError::Throttled { action: ACTION })
    }

    fn minutes_of(&self, items: &[HashMap<String, AttributeValue>]) -> Result<Vec<MinuteCount>, TableError> {
        let mut minutes = Vec::new();
        for item in items {
            let (keyword, sort_key) = (self.keyword(item)?, self.text(item, Self::SORT_KEY)?);
            let hour = sort_key.strip_prefix(PREFIX).and_then(|hour| format!("{hour}:00:00Z").parse().ok());
            let hour: UtcTime = hour
                .ok_or_else(|| self.invalid_item(&format!("{} {sort_key:?} is no hour", Self::SORT_KEY)))?;
            for minute in 0..MINUTES {
                let number = |letter| self.number(item, &attribute(letter, minute));
                let collected = number(COLLECTED)?;
                if collected > 0 {
                    minutes.push(MinuteCount {
                        keyword: keyword.clone(),
                        minute: hour.after(Duration::from_secs(60 * minute as u64)),
                        collected,
                        removed: number(REMOVED)?,
                        superseded: number(SUPERSEDED)?,
                    });
                }
            }
        }
        Ok(minutes)
    }
}

/// The sort key of the counts by minute of the hour of `at`.
pub(super) fn sort_key_of_minutes(at: UtcTime) -> String {
    format!("{PREFIX}{}", at.hour())
}

/// The number of a minute in its hour.
pub(super) fn minute_of(at: UtcTime) -> usize {
    let minute = at.since(at.start_of_hour()).as_secs() / 60;
    usize::try_from(minute).unwrap_or_default().min(MINUTES - 1)
}

/// The attribute with a number of a minute.
pub(super) fn attribute(letter: char, minute: usize) -> String {
    format!("{letter}{minute:02}")
}
