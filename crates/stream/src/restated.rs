//! Up to when the table's counts have been published to CloudWatch.

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::StreamStatusTable;

const RESTATED: &str = "restated";

#[derive(Serialize, Deserialize)]
struct Restated {
    through: UtcTime,
}

impl StreamStatusTable {
    /// Up to when everything that was counted has been published to CloudWatch; `None` if nothing ever was.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn restated_through(&self) -> Result<Option<UtcTime>, TableError> {
        let Some(item) = self.item(RESTATED, "read what has been published").await? else { return Ok(None) };
        let restated: Restated = serde_dynamo::from_item(item).map_err(|error| self.invalid_item(&error))?;
        Ok(Some(restated.through))
    }

    /// Saves that everything that was counted up to `through` has been published to CloudWatch.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_restated_through(&self, through: UtcTime) -> Result<(), TableError> {
        self.save(RESTATED, &Restated { through }, "save what has been published").await
    }
}
