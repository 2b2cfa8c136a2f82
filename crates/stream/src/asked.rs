//! How often the source was asked how many posts there are, which it charges for.

use serde::Deserialize;
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Item, StreamStatusTable, number};

/// The prefix of the names of its items, one a day; the day follows.
const PREFIX: &str = "asked#";

/// How many days after its day an item is kept: a month and the one before it are whole.
const KEEP_DAYS: i64 = 62;

/// Requests of counts, and what the source charges for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedForCounts {
    /// How many requests it answered.
    pub requests: u64,
    /// What it charges for them, in micro-dollars.
    pub micro_dollars: u64,
}

/// Those of a day and of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedSoFar {
    /// Of the day (UTC).
    pub today: AskedForCounts,
    /// Of the month (UTC).
    pub this_month: AskedForCounts,
}

impl StreamStatusTable {
    /// Adds requests of counts to those of the day of `now`.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn asked_for_counts(
        &self,
        AskedForCounts { requests, micro_dollars }: AskedForCounts,
        now: UtcTime,
    ) -> Result<(), TableError> {
        let expires_at = now.start_of_day().as_millis() / 1000 + KEEP_DAYS * 24 * 3600;
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(&item(&now.day()))))
            .update_expression("ADD #requests :requests, #price :price SET #expires = :expires")
            .expression_attribute_names("#requests", "requests")
            .expression_attribute_names("#price", "microDollars")
            .expression_attribute_names("#expires", Self::TIME_TO_LIVE)
            .expression_attribute_values(":requests", number(requests))
            .expression_attribute_values(":price", number(micro_dollars))
            .expression_attribute_values(":expires", number(expires_at))
            .send()
            .await
            .map_err(TableError::during("note that the source was asked for counts"))?;
        Ok(())
    }

    /// How often the source was asked for counts on the day and in the month of `now`.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn asked_so_far(&self, now: UtcTime) -> Result<AskedSoFar, TableError> {
        let today = item(&now.day());
        let items = self.items(&item(&now.month()), "read how often the source was asked for counts").await?;
        let mut so_far = AskedSoFar::default();
        for item in items {
            let is_today = name(&item) == Some(&today);
            let asked: AskedForCounts =
                serde_dynamo::from_item(item).map_err(|error| self.invalid_item(&error))?;
            so_far.this_month.requests += asked.requests;
            so_far.this_month.micro_dollars += asked.micro_dollars;
            if is_today {
                so_far.today = asked;
            }
        }
        Ok(so_far)
    }
}

/// The name of the item of a day, or the beginning of those of a month.
fn item(day: &str) -> String {
    format!("{PREFIX}{day}")
}

fn name(item: &Item) -> Option<&String> {
    item.get(StreamStatusTable::SORT_KEY)?.as_s().ok()
}
