//! The rows of a count: what each is named after, and what it says.

use std::collections::BTreeMap;

use place::CountryHow;
use posts::statistics::{HourCount, KnownBy, MinuteCount};
use posts::tweets::Versions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the country of stored posts is known, of each the newest version. Not in CloudWatch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountryKnown {
    /// By the place with which the author tagged the post.
    by_place: u64,
    /// By the location in the author's profile, in this way.
    by_profile: BTreeMap<CountryHow, u64>,
    /// In a way that was not recorded when the post was stored.
    unrecorded: u64,
    /// Not at all.
    unknown: u64,
}

impl CountryKnown {
    pub(super) fn of(counts: &[HourCount]) -> Self {
        let mut known = Self::default();
        for count in counts {
            let recorded: u64 = count.known.values().sum();
            match count.country {
                None => known.unknown += count.newest(),
                Some(_) => known.unrecorded += count.newest().saturating_sub(recorded),
            }
            for (by, posts) in &count.known {
                match by {
                    KnownBy::Place => known.by_place += posts,
                    KnownBy::Profile(how) => *known.by_profile.entry(*how).or_default() += posts,
                }
            }
        }
        known
    }
}

/// What each row counts. Minutes, hours and days are those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum By {
    Country,
    Minute,
    Hour,
    Day,
    Keyword,
}

/// A row; of `country`, `minute`, `hour`, `day` and `keyword` it has the one that `by` names.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    /// A country's code, `unknown`, or from CloudWatch `other`: all countries beyond the first 20 of a keyword and hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country: Option<String>,
    /// A minute, such as `2026-11-23T10:07`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) minute: Option<String>,
    /// An hour, such as `2026-11-23T10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hour: Option<String>,
    /// A day, such as `2026-11-23`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) day: Option<String>,
    /// A keyword. One that only CloudWatch has is written as its dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keyword: Option<String>,
    /// Posts that are stored: collected and not removed; and not superseded, unless all versions are requested. Absent from CloudWatch,
    /// which knows neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tweets: Option<u64>,
    /// Posts collected.
    pub(super) collected: u64,
    /// Posts removed since. Absent from CloudWatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) removed: Option<u64>,
    /// Stored posts of which a newer version is stored too. Absent from CloudWatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) superseded: Option<u64>,
    /// From CloudWatch: the table's `collected`, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<u64>,
}

impl By {
    /// A row of this name, without counts.
    pub(super) fn row(self, name: String) -> Row {
        let name = Some(name);
        match self {
            Self::Country => Row { country: name, ..Row::default() },
            Self::Minute => Row { minute: name, ..Row::default() },
            Self::Hour => Row { hour: name, ..Row::default() },
            Self::Day => Row { day: name, ..Row::default() },
            Self::Keyword => Row { keyword: name, ..Row::default() },
        }
    }

    /// The name of the row in which an hour's count is summed.
    fn name(self, count: &HourCount) -> String {
        match self {
            Self::Country => count.country_name().to_owned(),
            // `from_minutes` makes these rows.
            Self::Minute | Self::Hour => count.hour.hour(),
            Self::Day => count.hour.day(),
            Self::Keyword => count.keyword.to_string(),
        }
    }

    /// Sorts rows that are in the order of their names: minutes, hours and days stay, others go by the number of posts.
    pub(super) fn sort(self, rows: &mut [Row]) {
        if matches!(self, Self::Country | Self::Keyword) {
            rows.sort_by_key(|row| std::cmp::Reverse(row.tweets.unwrap_or(row.collected)));
        }
    }
}

/// The rows of the table's counts, in the order of their names.
pub(super) fn from_table(by: By, versions: Versions, counts: &[HourCount]) -> Vec<Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for count in counts {
        let name = by.name(count);
        let row = rows.entry(name.clone()).or_insert_with(|| by.row(name));
        let tweets = match versions {
            Versions::Newest => count.newest(),
            Versions::All => count.stored(),
        };
        row.collected += count.counted();
        *row.tweets.get_or_insert(0) += tweets;
        *row.removed.get_or_insert(0) += count.removed;
        *row.superseded.get_or_insert(0) += count.superseded;
    }
    rows.into_values().collect()
}

/// The rows of the table's counts by minute, in order of time.
pub(super) fn from_minutes(versions: Versions, counts: &[MinuteCount]) -> Vec<Row> {
    let row = |count: &MinuteCount| Row {
        collected: count.collected,
        tweets: Some(match versions {
            Versions::Newest => count.newest(),
            Versions::All => count.stored(),
        }),
        removed: Some(count.removed),
        superseded: Some(count.superseded),
        ..By::Minute.row(count.minute.minute())
    };
    counts.iter().map(row).collect()
}
