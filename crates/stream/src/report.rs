//! What the reader of a stream says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::table::{Fenced, Lease, StreamStatusTable};
use posts::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

const REPORT: &str = "report";

/// How the reader of a stream fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum StreamState {
    /// It has not reached the source yet.
    Starting,
    /// The source delivers.
    Running,
    /// The connection is lost; it tries to get it back.
    Reconnecting,
    /// It waits, connected to nothing: the reason says for what.
    Paused,
    /// It ended as it was asked to.
    Stopped,
    /// It ended because it could not go on.
    Failed,
}

/// What the reader of a stream last said of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// How it fares.
    pub state: StreamState,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it said so.
    pub heartbeat_at: UtcTime,
    /// Posts that it read from the source since it started; a post under two keywords is one.
    pub posts_read: u64,
    /// Posts a second that it read since it last said so.
    #[serde(default)]
    pub posts_per_second: f64,
    /// How long after it was made a post can be found, in milliseconds: as of the latest that was stored, or
    /// longer, where one has been waiting on the queue for longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// Posts made from then on are not being read, and no gap says so yet; none while all are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<UtcTime>,
    /// Posts read today (UTC), also by earlier readers: what the source charges for.
    #[serde(default)]
    pub posts_today: u64,
    /// What the source charges for one, in US dollars.
    #[serde(default)]
    pub dollars_a_post: f64,
    /// How many posts may be read in a day, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_post_budget: Option<u64>,
    /// When the latest post that it read was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
    /// What came for each keyword: at most 100 of them, those with the most posts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<Keyword, Traffic>,
}

/// What came for one keyword.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// Posts that this reader put on the queue since it started.
    pub posts: u64,
    /// Posts a second since it last said so.
    pub posts_per_second: f64,
    /// How long after it was made the latest of them was on the queue, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_lag_ms: Option<i64>,
    /// When the latest was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
}

impl StreamReport {
    /// How many keywords a report tells of: it is written every ten seconds, and DynamoDB charges by the
    /// kilobyte.
    pub const KEYWORDS: usize = 100;
}

impl StreamStatusTable {
    /// Notes how the reader fares, unless a later lease has noted something already.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_report(&self, report: &StreamReport, lease: &Lease) -> Result<Fenced, TableError> {
        self.save_fenced(REPORT, report, lease, "note the stream's state").await
    }

    /// What the reader last said of itself; none if there never was one.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn report(&self) -> Result<Option<StreamReport>, TableError> {
        let item = self.item(REPORT, "read the stream's state").await?;
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.broken(&error))
    }
}
