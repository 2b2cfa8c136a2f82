//! The latest start of a task that reads the stream.

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Saved, StreamStatusTable, Versioned};

const LAUNCH: &str = "launch";

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

impl Versioned for Launch {
    fn version(&mut self) -> &mut u64 {
        &mut self.version
    }
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
        self.save_next(LAUNCH, launch, "note a start").await
    }
}
