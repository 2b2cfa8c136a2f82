//! The latest start of a task that reads the stream.

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Item, StreamStatusTable, number, put_condition_failed};

const LAUNCH: &str = "launch";

/// The attribute that counts the writes of the item.
const VERSION: &str = "version";

/// The latest start of a task, and the outcome of those before it. Only the reconciler writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    /// The number of the latest start, counted from 1. ECS treats two requests with one number as one.
    #[serde(default)]
    pub number: u64,
    /// When the latest start was decided; absent once its task has ended, or if the start failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcTime>,
    /// The ARN of its task, once ECS has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// How many starts in a row failed, or ended soon after they began.
    #[serde(default)]
    pub failures: u32,
    /// Why the last of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// No task is started before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UtcTime>,
    /// Since when tasks run that are not requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_since: Option<UtcTime>,
    /// How often this item has been written.
    #[serde(default)]
    pub version: u64,
}

/// The outcome of a write that must not undo another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is written.
    Saved,
    /// The item was written by another program since it was read; nothing has changed.
    Outdated,
}

impl StreamStatusTable {
    /// The latest start; [`Launch::default`] if there was none.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn launch(&self) -> Result<Launch, TableError> {
        let item = self.item(LAUNCH, "read the latest start").await?.unwrap_or_default();
        serde_dynamo::from_item(item).map_err(|error| self.invalid_item(&error))
    }

    /// Writes `launch` as the next version of what was read, unless another program has written one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_launch(&self, launch: &mut Launch) -> Result<Saved, TableError> {
        let next = Launch { version: launch.version + 1, ..launch.clone() };
        let item: Item = serde_dynamo::to_item(&next).map_err(|error| self.invalid_item(&error))?;
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
