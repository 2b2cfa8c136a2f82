//! What the reader of a stream reports about itself.

use std::collections::BTreeMap;

use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Fenced, Lease, StreamStatusTable};

const REPORT: &str = "report";

/// The state of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum StreamState {
    /// It is not connected to the source yet.
    Starting,
    /// It is connected.
    Running,
    /// The connection is lost; the streamer is reconnecting.
    Reconnecting,
    /// It is disconnected and waits; the reason says for what.
    Paused,
    /// It has stopped as requested.
    Stopped,
    /// It ended because of an error.
    Failed,
    /// A person has stopped its task. None is started until somebody asks for it: by `POST /stream`, or by running a task.
    StoppedByHand,
}

/// What a paused stream waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum WaitingFor {
    /// The day's or the month's budget of posts is used up, or that of every keyword: for the next day or month.
    Budget,
    /// X asks to be paid: for credits, or a higher spending limit.
    Credits,
    /// As many posts were read as X allows in a month: for X's next cycle.
    MonthlyCap,
    /// The queue takes posts too slowly: for room.
    Queue,
    /// The source refuses every keyword: for another one.
    Keywords,
    /// The source cannot be told yet to leave out keywords that were stopped, and they would cost more than all others: for that.
    RuleChange,
}

/// What the streamer last reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// The stream's state.
    pub state: StreamState,
    /// Why it is in this state, where that needs an explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it waits for while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<WaitingFor>,
    /// When it reported.
    pub heartbeat_at: UtcTime,
    /// Posts read from the source since the streamer started; a post for two keywords counts once.
    pub posts_read: u64,
    /// Posts read per second since the previous report.
    #[serde(default)]
    pub posts_per_second: f64,
    /// The time from a post's creation until it can be found, in milliseconds: that of the latest stored post, or the
    /// time that the oldest post has been on the queue, if that is longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// Posts written at this time or later are not being read and are in no gap yet; absent while all are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<UtcTime>,
    /// Why that is; absent while all are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruption: Option<Interruption>,
    /// Posts read today (UTC), including those of earlier streamers: the source charges for them.
    #[serde(default)]
    pub posts_today: u64,
    /// Users whose posts were read today (UTC), each counted once a day by each streamer.
    #[serde(default)]
    pub users_today: u64,
    /// The source's price of a post at least, in micro-dollars: millionths of a US dollar.
    #[serde(default)]
    pub micro_dollars_a_post: u64,
    /// Its price of a user, in micro-dollars.
    #[serde(default)]
    pub micro_dollars_a_user: u64,
    /// Whether it is taken to charge for the users who come with posts.
    #[serde(default)]
    pub charged_for_users: bool,
    /// Posts that may be read in a day, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_post_budget: Option<u64>,
    /// Posts read this month (UTC), including those of earlier streamers.
    #[serde(default)]
    pub posts_this_month: u64,
    /// Users whose posts were read this month (UTC), each counted once a day.
    #[serde(default)]
    pub users_this_month: u64,
    /// Posts that may be read in a month, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_post_budget: Option<u64>,
    /// What the source itself has counted, if it says so and has been asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_usage: Option<SourceUsage>,
    /// When the latest post read was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_post_at: Option<UtcTime>,
    /// Posts of requested keywords that were left out since the streamer started, because their authors have opted out of being found by
    /// search (Mastodon).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub opted_out: u64,
    /// The traffic of each keyword; if there are more than 100 keywords, of those with the most posts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<Keyword, Traffic>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An interruption of reading whose gaps are not on record yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Interruption {
    /// Posts written at this time or later are missing.
    pub from: UtcTime,
    /// Why.
    pub cause: String,
}

/// What the source itself has counted, beside what the streamer had counted then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourceUsage {
    /// When the source was asked.
    pub asked_at: UtcTime,
    /// Posts read on that day (UTC), by everything that shares the account; null if the source does not say.
    pub posts_today: Option<u64>,
    /// How many more posts than the streamer the source had counted on that day. Below zero, the streamer had counted more: posts
    /// that the source counts with a delay. Null if the source does not say.
    pub difference: Option<i64>,
    /// Posts read in the source's current cycle; null if it does not say.
    pub posts_this_cycle: Option<u64>,
    /// The posts that may be read in a cycle; null if the source does not say.
    pub cap: Option<u64>,
    /// The day of the month on which a cycle begins; null if the source does not say.
    pub cap_reset_day: Option<u64>,
}

/// The traffic of a keyword.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// Posts queued since the streamer started.
    pub posts: u64,
    /// Posts queued per second since the previous report.
    pub posts_per_second: f64,
    /// The time from the latest post's creation until it was on the queue, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_lag_ms: Option<i64>,
    /// When the latest post was made.
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
        item.map(serde_dynamo::from_item).transpose().map_err(|error| self.invalid_item(&error))
    }
}
