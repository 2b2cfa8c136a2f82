//! The posts of one keyword, hour and country, counted.

use std::collections::BTreeMap;

use super::known_by::KnownBy;
use crate::Keyword;
use place::Country;
use utc_time::UtcTime;

/// The country's name in counts of posts whose country is unknown.
const UNKNOWN: &str = "unknown";

/// The posts of one keyword, hour and country, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The keyword.
    pub keyword: Keyword,
    /// The start of the hour.
    pub hour: UtcTime,
    /// The country; none if it is unknown.
    pub country: Option<Country>,
    /// Posts collected so far, of this country when they were; it only grows.
    pub collected: u64,
    /// Posts removed since.
    pub removed: u64,
    /// Posts whose country was taken off since. They are collected once more, as of an unknown country.
    pub moved: u64,
    /// Of an unknown country: those of the collected posts whose country was taken off. Elsewhere they are `moved`.
    pub moved_in: u64,
    /// Stored posts of which a newer version is stored too.
    pub superseded: u64,
    /// Of the stored posts without a newer version, those whose country is known in these ways.
    pub known: BTreeMap<KnownBy, u64>,
    /// When the first post was counted.
    pub first_at: UtcTime,
}

impl HourCount {
    /// Posts collected so far that are of this country now: each post of a keyword is in one such number of its hour.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.collected.saturating_sub(self.moved)
    }

    /// Posts that were of this country, or of none, when they were collected: each post of a keyword is in one such number of its hour. It only
    /// grows, also when a post's country is taken off.
    #[must_use]
    pub fn first_counted(&self) -> u64 {
        self.collected.saturating_sub(self.moved_in)
    }

    /// Posts that are stored, every version counted.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.counted().saturating_sub(self.removed)
    }

    /// Posts that are stored, of each the newest version.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.stored().saturating_sub(self.superseded)
    }

    /// The country's code, or `unknown`.
    #[must_use]
    pub fn country_name(&self) -> &'static str {
        country_name(self.country.as_ref())
    }
}

/// A country's code, or `unknown`.
pub(crate) fn country_name(country: Option<&Country>) -> &'static str {
    country.map_or(UNKNOWN, Country::as_str)
}
