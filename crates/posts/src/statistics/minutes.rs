//! Counts by minute.

use super::attributes::MINUTES;
use super::table::StatisticsTable;
use crate::Keyword;
use service::tables::TableError;
use utc_time::UtcTime;

/// The posts of one keyword and minute, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteCount {
    /// The keyword.
    pub keyword: Keyword,
    /// The start of the minute.
    pub minute: UtcTime,
    /// Posts collected so far; it only grows.
    pub collected: u64,
    /// Posts removed since.
    pub removed: u64,
    /// Stored posts of which a newer version is stored too.
    pub superseded: u64,
}

impl MinuteCount {
    /// Posts that are stored, every version counted.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.collected.saturating_sub(self.removed)
    }

    /// Posts that are stored, of each the newest version.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.stored().saturating_sub(self.superseded)
    }
}

impl StatisticsTable {
    /// The minutes of `keyword` in which posts were written, from the hour of `from` to that of `to`, both included, in order of time. The read is
    /// strongly consistent.
    ///
    /// # Errors
    /// DynamoDB's error, or an item that this version cannot read.
    pub async fn minutes(
        &self,
        keyword: &Keyword,
        from: UtcTime,
        to: UtcTime,
    ) -> Result<Vec<MinuteCount>, TableError> {
        let hours = self.hours_between(keyword, from, to).await?;
        Ok(hours.into_iter().flat_map(|hour| hour.minutes).collect())
    }
}

/// The number of a minute in its hour.
pub(super) fn minute_of(at: UtcTime) -> u8 {
    let minute = at.since(at.start_of_hour()).as_secs() / 60;
    u8::try_from(minute).unwrap_or_default().min(MINUTES - 1)
}
