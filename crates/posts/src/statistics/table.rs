//! StatisticsTable itself: its keys and attributes.

use aws_sdk_dynamodb::Client;

use service::tables::TableError;

/// StatisticsTable. The numbers that are published only grow: a removed post adds to `removed`, one that loses its country to `moved`, and one of
/// which a newer version is stored to `superseded`; none takes anything off `collected`. So a value that is published late is never above a
/// later one.
#[derive(Clone, Debug)]
pub struct StatisticsTable {
    pub(super) client: Client,
    pub(super) name: String,
}

impl StatisticsTable {
    /// The partition key: the keyword.
    pub const PARTITION_KEY: &str = "keyword";
    /// The sort key: `2026-11-23T10#LT`, or `minutes#2026-11-23T10` of an item that counts by minute.
    pub const SORT_KEY: &str = "hourCountry";
    /// The index by which an hour's counts are read for all keywords; it projects all attributes.
    pub const BY_HOUR: &str = "byHour";
    /// That index's partition key, as in `2026-11-23T10`; its sort key is [`Self::PARTITION_KEY`].
    pub const HOUR: &str = "hour";
    /// The index by which recently changed counts are found; it projects the keys only.
    pub const BY_TOUCH: &str = "byTouch";
    /// That index's partition key: the hour in which `collected` last changed; its sort key is [`Self::HOUR`].
    pub const TOUCHED: &str = "touched";
    /// The number of posts collected.
    pub(super) const COLLECTED: &str = "collected";
    /// The number of posts removed.
    pub(super) const REMOVED: &str = "removed";
    /// The number of posts whose country was taken off, and which are counted as of an unknown country since.
    pub(super) const MOVED: &str = "moved";
    /// The number of posts that are counted as of an unknown country since theirs was taken off.
    pub(super) const MOVED_IN: &str = "movedIn";
    /// The number of stored posts of which a newer version is stored too.
    pub(super) const SUPERSEDED: &str = "superseded";
    /// When the first post was counted.
    pub(super) const FIRST_AT: &str = "firstAt";

    /// The table called `name`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The error of an item that this version can neither read nor write.
    pub(super) fn invalid_item(&self, reason: &dyn std::fmt::Display) -> TableError {
        TableError::Item { table: self.name.clone(), reason: reason.to_string() }
    }
}
