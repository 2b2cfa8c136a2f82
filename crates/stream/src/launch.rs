//! The latest start of a task that reads the stream.

use serde::{Deserialize, Serialize};

use crate::table::{Item, StreamStatusTable, number, put_condition_failed};
use service::tables::TableError;
use utc_time::UtcTime;

const LAUNCH: &str = "launch";

/// The attribute that counts the writes of the item.
const VERSION: &str = "version";

/// The latest start of a task, and what came of those before it. Only the reconciler writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    /// How many starts there were: the number of the latest. ECS takes two requests of one number for one.
    #[serde(default)]
    pub number: u64,
    /// When the latest was decided; none once its task has ended, or if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcTime>,
    /// Its task's ARN, once ECS has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// How many in a row failed, or ended soon after their start.
    #[serde(default)]
    pub failures: u32,
    /// Why the last of them did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Before then there is no further start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UtcTime>,
    /// Since when tasks run that nobody wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_since: Option<UtcTime>,
    /// How often this has been written.
    #[serde(default)]
    pub version: u64,
}

/// What became of a write that must not undo another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is written.
    Saved,
    /// Somebody else has written since it was read; nothing has changed.
    Outdated,
}

impl StreamStatusTable {
    /// The latest start; as if there never was one, if there was none.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn launch(&self) -> Result<Launch, TableError> {
        let item = self.item(LAUNCH, "read the latest start").await?.unwrap_or_default();
        serde_dynamo::from_item(item).map_err(|error| self.broken(&error))
    }

    /// Notes `launch`, as the next version of what was read, unless somebody else has noted one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_launch(&self, launch: &mut Launch) -> Result<Saved, TableError> {
        let next = Launch { version: launch.version + 1, ..launch.clone() };
        let item: Item = serde_dynamo::to_item(&next).map_err(|error| self.broken(&error))?;
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.into_iter().chain(self.key(LAUNCH)).collect()))
            .condition_expression("attribute_not_exists(#version) OR #version = :version")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":version", number(launch.version))
            .send()
            .await;
        match answer {
            Ok(_) => {
                *launch = next;
                Ok(Saved::Saved)
            }
            Err(error) if put_condition_failed(&error) => Ok(Saved::Outdated),
            Err(error) => Err(TableError::during("note a start")(error)),
        }
    }
}
