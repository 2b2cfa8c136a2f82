//! A streamer that waits for the lease.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

/// How long the note is kept: longer than anybody waits to be noticed.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A streamer that found the lease held by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standby {
    /// Who waits: the ARN of an ECS task, or the name of another reader.
    pub owner: String,
    /// Since when.
    pub at: UtcTime,
    /// Why it could not read even if it held the lease; absent if it is ready to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    #[serde(flatten)]
    standby: &'a Standby,
    expires_at: i64,
}

impl StreamStatusTable {
    /// What `owner` noted when it found the lease held by another; `None` if it has noted nothing.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn standby(&self, owner: &str) -> Result<Option<Standby>, TableError> {
        let item = self.item(&item_name(owner), "read who waits for the lease").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }

    /// Notes who waits for the lease.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_standby(&self, standby: &Standby) -> Result<(), TableError> {
        let kept = Kept { standby, expires_at: standby.at.after(KEEP).as_millis() / 1000 };
        self.save(&item_name(&standby.owner), &kept, "note who waits for the lease").await
    }
}

fn item_name(owner: &str) -> String {
    format!("standby#{owner}")
}
