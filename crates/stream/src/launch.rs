//! The latest start of a task that reads the stream.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Saved, StreamStatusTable, VERSION, Versioned, number};

const LAUNCH: &str = "launch";

/// The latest start of a task, and the outcome of those before it. The reconciler writes it as a whole, each time as the next version of what it
/// has read; [`StreamStatusTable::start_again`] changes two attributes of it, which is the next version too.
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
    /// A person stopped its task, so that none is started until somebody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by_hand: Option<StoppedByHand>,
    /// When somebody last asked for the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<UtcTime>,
    /// The revision of the task definition whose task held the lease last; absent if revisions are not told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The revision that is taking over from that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The newest revision, if it did not take over: no task of it is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedRevision>,
    /// Since when tasks run that are not requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_since: Option<UtcTime>,
    /// How often this item has been written.
    #[serde(default)]
    pub version: u64,
}

/// How a person stopped a task, in the ECS console or by the CLI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoppedByHand {
    /// When the task began to stop.
    pub at: UtcTime,
    /// The reason that was given, in ECS's words if none was.
    pub reason: String,
}

/// A new revision of the task definition, until a task of it holds the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// The revision's ARN.
    pub revision: String,
    /// When its first task was decided.
    pub at: UtcTime,
    /// The ARN of its latest task, which waits for the lease, once ECS has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Why the task before that ended, or could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// No task of it is started before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UtcTime>,
    /// When the earlier task was last told to stop, because the new one is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<UtcTime>,
}

/// A revision of the task definition that did not take over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRevision {
    /// Its ARN.
    pub revision: String,
    /// When it was given up.
    pub at: UtcTime,
    /// Why.
    pub reason: String,
}

impl Rollout {
    /// A rollout of `revision` that begins at `at`.
    #[must_use]
    pub fn new(revision: String, at: UtcTime) -> Self {
        Self { revision, at, task: None, reason: None, not_before: None, stopping: None }
    }
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

    /// Notes that somebody asks for the stream, so that tasks are started again if a person has stopped the last one before `now`. The reconciler
    /// that has read the launch before this does not undo it.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn start_again(&self, now: UtcTime) -> Result<(), TableError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.key(LAUNCH)))
            .update_expression("SET #asked = :now REMOVE #stopped ADD #version :one")
            .expression_attribute_names("#asked", "askedAt")
            .expression_attribute_names("#stopped", "stoppedByHand")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(":one", number(1));
        update.send().await.map_err(TableError::during("start again"))?;
        Ok(())
    }

    /// Writes `launch` as the next version of what was read, unless another program has written one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_launch(&self, launch: &mut Launch) -> Result<Saved, TableError> {
        self.save_next(LAUNCH, launch, "note a start").await
    }
}
