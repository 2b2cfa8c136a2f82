//! Up to when CloudWatch has been told what the table has.

use serde::{Deserialize, Serialize};

use crate::table::StreamStatusTable;
use service::tables::TableError;
use utc_time::UtcTime;

const RESTATED: &str = "restated";

#[derive(Serialize, Deserialize)]
struct Restated {
    through: UtcTime,
}

impl StreamStatusTable {
    /// Up to when everything that was counted has been published to CloudWatch; none if nothing ever was.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn restated_through(&self) -> Result<Option<UtcTime>, TableError> {
        let Some(item) = self.item(RESTATED, "read what has been restated").await? else { return Ok(None) };
        let restated: Restated = serde_dynamo::from_item(item).map_err(|error| self.broken(&error))?;
        Ok(Some(restated.through))
    }

    /// Notes that everything that was counted up to `through` has been published to CloudWatch.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_restated_through(&self, through: UtcTime) -> Result<(), TableError> {
        self.save(RESTATED, &Restated { through }, "note what has been restated").await
    }
}
