//! What the consumer says of itself: when it last stored, and how late.

use serde::{Deserialize, Serialize};

use crate::table::StreamStatusTable;
use service::tables::TableError;
use utc_time::UtcTime;

const STORING: &str = "storing";

/// How the consumer fares, as it last said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storing {
    /// When it stored a batch.
    pub at: UtcTime,
    /// How long the batch's oldest message had been on the queue by then, in milliseconds.
    pub queue_ms: u64,
}

impl StreamStatusTable {
    /// Notes how the consumer fares. Of several consumers the last one is right.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_storing(&self, storing: &Storing) -> Result<(), TableError> {
        self.save(STORING, storing, "note how the consumer fares").await
    }

    /// How the consumer last said that it fares; none if it never stored anything.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn storing(&self) -> Result<Option<Storing>, TableError> {
        let item = self.item(STORING, "read how the consumer fares").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.broken(&error))
    }
}
