//! Up to when the table's counts have been published to CloudWatch.

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

const RESTATED: &str = "restated";

/// Up to when what was counted has been published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restated {
    /// Everything that was counted until then has been published.
    pub through: UtcTime,
    /// What is being published now, if that takes longer than a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<RestatingTo>,
}

/// How far publishing has come that takes longer than a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestatingTo {
    /// What was counted until then is being published.
    pub until: UtcTime,
    /// The hours before this one have been.
    pub next: UtcTime,
}

impl StreamStatusTable {
    /// What has been published to CloudWatch; `None` if nothing ever was.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn restated(&self) -> Result<Option<Restated>, TableError> {
        let item = self.item(RESTATED, "read what has been published").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }

    /// Saves what has been published to CloudWatch.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_restated(&self, restated: Restated) -> Result<(), TableError> {
        self.save(RESTATED, &restated, "save what has been published").await
    }
}
