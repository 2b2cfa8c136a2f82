//! When the consumer last stored a batch, and how late it was.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

const STORING: &str = "storing";

/// How often a consumer saves it, at most. What was sent within this time after it was saved may be stored without any record.
pub const RECORDED_EVERY: Duration = Duration::from_secs(60);

/// When the consumer last stored a batch, and how late it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storing {
    /// When it stored the batch.
    pub at: UtcTime,
    /// How long the oldest message of the batch had been on the queue by then, in milliseconds.
    pub queue_ms: u64,
}

impl StreamStatusTable {
    /// Saves when a batch was stored. Of several consumers, the last one counts.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_storing(&self, storing: &Storing) -> Result<(), TableError> {
        self.save(STORING, storing, "save when the consumer stored").await
    }

    /// When the consumer last stored a batch; `None` if it never did.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn storing(&self) -> Result<Option<Storing>, TableError> {
        let item = self.item(STORING, "read when the consumer stored").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }
}
