//! What the reader of a stream reports about itself.

use std::collections::BTreeMap;

use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Fenced, Lease, StreamStatusTable};

const REPORT: &str = "report";

/// The state of a stream's reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum StreamState {
    /// It has not connected to the source yet.
    Starting,
    /// It is connected.
    Running,
    /// It has lost the connection, and is reconnecting.
    Reconnecting,
    /// It is not connected, and waits; the reason says for what.
    Paused,
    /// It has ended because it was told to.
    Stopped,
    /// It has ended because it could not go on.
    Failed,
}

/// What the reader of a stream last reported about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// Its state.
    pub state: StreamState,
    /// Why it is in this state, if there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it reported.
    pub heartbeat_at: UtcTime,
    /// Posts that it has read since it started; a post under two keywords counts once.
    pub posts_read: u64,
    /// Posts read per second since the previous report.
    #[serde(default)]
    pub posts_per_second: f64,
    /// How long it takes from when a post is written until it can be found, in milliseconds: for the latest stored post, or longer
    /// if a post has been waiting on the queue for longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// Posts written since then are not being read, and no gap says so yet; absent while all are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<UtcTime>,
    /// Posts read today (UTC), also by earlier readers. The source charges for these.
    #[serde(default)]
    pub posts_today: u64,
    /// What the source charges for a post, in US dollars.
    #[serde(default)]
    pub dollars_a_post: f64,
    /// How many posts may be read in a day; absent if there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_post_budget: Option<u64>,
    /// When the latest post that it read was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
    /// The traffic of each keyword; of the 100 with the most posts, if there are more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<Keyword, Traffic>,
}

/// The traffic of one keyword.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// Posts that this reader has put on the queue since it started.
    pub posts: u64,
    /// Posts per second since the previous report.
    pub posts_per_second: f64,
    /// How long it took the latest post from when it was written until it was on the queue, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_lag_ms: Option<i64>,
    /// When the latest post was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
}

impl StreamReport {
    /// How many keywords a report covers. It is written every ten seconds, and DynamoDB charges by the kilobyte.
    pub const KEYWORDS: usize = 100;
}

impl StreamStatusTable {
    /// Saves the report, unless the holder of a later lease has saved one.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_report(&self, report: &StreamReport, lease: &Lease) -> Result<Fenced, TableError> {
        self.save_fenced(REPORT, report, lease, "note the stream's state").await
    }

    /// The latest report; `None` if there never was a reader.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn report(&self) -> Result<Option<StreamReport>, TableError> {
        let item = self.item(REPORT, "read the stream's state").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.broken(&error))
    }
}
