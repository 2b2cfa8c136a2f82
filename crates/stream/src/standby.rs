//! A streamer that waits for the lease.

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

const STANDBY: &str = "standby";

/// The latest streamer that found the lease held by another, and is ready to read as soon as that one gives it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standby {
    /// Who waits: the ARN of an ECS task, or the name of another reader.
    pub owner: String,
    /// Since when.
    pub at: UtcTime,
    /// Why it could not read even if it held the lease; absent if it could. With one, it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl StreamStatusTable {
    /// Who waited for the lease last.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn standby(&self) -> Result<Option<Standby>, TableError> {
        let Some(item) = self.item(STANDBY, "read who waits for the lease").await? else { return Ok(None) };
        serde_dynamo::from_item(item).map(Some).map_err(|error| self.invalid_item(&error))
    }

    /// Notes who waits for the lease.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_standby(&self, standby: &Standby) -> Result<(), TableError> {
        self.save(STANDBY, standby, "note who waits for the lease").await
    }
}
