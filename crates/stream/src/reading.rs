//! How far reading has come and what it has used up: what the next reader must know to go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::charged::Charged;
use crate::table::{Fenced, Lease, StreamStatusTable};

const READING: &str = "reading";

/// How far reading has come, and what it has used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The cursor of each connection: everything that it delivered up to then is on the queue.
    #[serde(default)]
    pub cursors: BTreeMap<String, UtcTime>,
    /// For each connection that is paused: up to when a recorded gap says so.
    #[serde(default)]
    pub paused_until: BTreeMap<String, UtcTime>,
    /// What was read of what the source charges for.
    #[serde(flatten)]
    pub metered: Metered,
    /// When connections were opened recently.
    #[serde(default)]
    pub connects: Vec<UtcTime>,
    /// What the source's headers said about its rate limits, by endpoint.
    #[serde(default)]
    pub windows: BTreeMap<String, Window>,
    /// What has been found out about the source, such as the words in which its search is to be asked.
    #[serde(default)]
    pub learnt: BTreeMap<String, String>,
}

/// What was read of what the source charges for, all of it up to the same moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metered {
    /// Posts read, by day (UTC, as in `2026-11-23`), of the last few days.
    #[serde(default)]
    pub posts_by_day: BTreeMap<String, u64>,
    /// Posts read, by month (UTC, as in `2026-11`), of the last two months.
    #[serde(default)]
    pub posts_by_month: BTreeMap<String, u64>,
    /// The posts that were read lately; `None` if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Charged>,
    /// Users read, by day.
    #[serde(default)]
    pub users_by_day: BTreeMap<String, u64>,
    /// Users read, by month.
    #[serde(default)]
    pub users_by_month: BTreeMap<String, u64>,
}

/// What is left of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// How many requests are left until `reset`.
    pub remaining: u32,
    /// When the limit is renewed.
    pub reset: UtcTime,
}

impl StreamStatusTable {
    /// What the last reader saved; [`Reading::default`] if nothing was ever read.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn reading(&self) -> Result<Reading, TableError> {
        let item = self.item(READING, "read the cursors").await?.unwrap_or_default();
        serde_dynamo::from_item(item).map_err(|error| self.invalid_item(&error))
    }

    /// Saves how far reading has come, unless the holder of a later lease has done so.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_reading(&self, reading: &Reading, lease: &Lease) -> Result<Fenced, TableError> {
        self.save_fenced(READING, reading, lease, "save the cursors").await
    }
}
