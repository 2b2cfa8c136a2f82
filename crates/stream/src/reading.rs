//! How far reading came, and what it used up: what the next reader must know to go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::table::{Fenced, Lease, StreamStatusTable};
use service::tables::TableError;
use utc_time::UtcTime;

const READING: &str = "reading";

/// How far reading came, and what it used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// For each connection, the moment up to which everything that it delivered is on the queue.
    #[serde(default)]
    pub cursors: BTreeMap<String, UtcTime>,
    /// For each connection that reads nothing for a while, until when a gap that is on record says so.
    #[serde(default)]
    pub paused_until: BTreeMap<String, UtcTime>,
    /// Posts read, by day (UTC, as in `2026-11-23`): of the last few days alone.
    #[serde(default)]
    pub posts_by_day: BTreeMap<String, u64>,
    /// When connections were opened, of late.
    #[serde(default)]
    pub connects: Vec<UtcTime>,
    /// What the source's headers said of its rate limits.
    #[serde(default)]
    pub windows: BTreeMap<String, Window>,
}

/// What is left of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Requests that are left,
    pub remaining: u32,
    /// until then.
    pub reset: UtcTime,
}

impl StreamStatusTable {
    /// What the last reader left; as if nothing had ever been read, if there was none.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn reading(&self) -> Result<Reading, TableError> {
        let item = self.item(READING, "read how far reading came").await?.unwrap_or_default();
        serde_dynamo::from_item(item).map_err(|error| self.broken(&error))
    }

    /// Notes how far reading came, unless a later lease has noted something already.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_reading(&self, reading: &Reading, lease: &Lease) -> Result<Fenced, TableError> {
        self.save_fenced(READING, reading, lease, "note how far reading came").await
    }
}
