//! What this crate takes from X: the description that it follows, and every number, with its source and the day on which the two were
//! last compared. `CONTRIBUTING.md` says what to do when X changes.

use std::fmt::Debug;
use std::time::Duration;

use utc_time::UtcTime;

use crate::client::BASE_URL;
use crate::{limits, prices, snowflake};

/// A version of X's description of its API, from which the paths, parameters and fields in this crate come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its version.
    pub version: &'static str,
    /// The day on which X published it, as in `2026-11-23`.
    pub date: &'static str,
    /// The repository in which X publishes it, beside its documentation.
    pub repository: &'static str,
    /// The commit there.
    pub commit: &'static str,
}

/// The description that this crate follows.
pub const DESCRIPTION: Description = Description {
    version: "2.167",
    date: "2026-08-22",
    repository: "https://github.com/xdevplatform/docs",
    commit: "28713281",
};

/// A number or a text that X decides, or that was chosen here because of what X says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The constant that holds it.
    pub name: &'static str,
    /// The constant's value.
    pub value: String,
    /// Where X says it, or that by which it was chosen.
    pub source: &'static str,
    /// The day on which it was last compared with its source, as in `2026-11-23`.
    pub checked: &'static str,
}

const ARCHIVE: &str = "https://docs.x.com/x-api/enterprise-gnip-2.0/fundamentals/search-api";
const BACKFILL: &str = "https://docs.x.com/x-api/fundamentals/recovery-and-redundancy";
const CHANGING_RULES: &str = "https://docs.x.com/x-api/stream/update-stream-rules";
const COMPLIANCE: &str = "https://docs.x.com/x-api/compliance/batch-compliance/introduction";
const FILTERED_STREAM: &str = "https://docs.x.com/x-api/posts/filtered-stream/introduction";
const PAGES_OF_ARCHIVE: &str = "https://docs.x.com/x-api/posts/search/quickstart/full-archive-search";
const PAGES_OF_SEARCH: &str = "https://docs.x.com/x-api/posts/search/integrate/paginate";
const PRICES: &str = "https://docs.x.com/x-api/getting-started/pricing";
const RATE_LIMITS: &str = "https://docs.x.com/x-api/fundamentals/rate-limits";
const RECENT_SEARCH: &str = "https://docs.x.com/x-api/posts/search-recent-posts";
const RECONNECTING: &str = "https://docs.x.com/x-api/fundamentals/handling-disconnections";
const SEARCH: &str = "https://docs.x.com/x-api/posts/search/introduction";
const SNOWFLAKE: &str = "https://github.com/twitter-archive/snowflake/blob/snowflake-2010/src/main/scala/com/twitter/service/snowflake/IdWorker.scala";
const STREAMING: &str = "https://docs.x.com/x-api/fundamentals/consuming-streaming-data";

/// The facts about constants, each with its source and when it was last checked.
macro_rules! facts {
    ($($constant:path: $source:expr, $checked:literal;)*) => {
        vec![$(fact(stringify!($constant), &$constant, $source, $checked)),*]
    };
}

/// Every fact. Those of 2026-11-26 and later were compared with the pages as they are in the commit of [`DESCRIPTION`].
#[must_use]
pub fn all() -> Vec<Fact> {
    facts! {
        BASE_URL: FILTERED_STREAM, "2026-11-26";
        limits::ARCHIVE_PACE: RATE_LIMITS, "2026-11-26";
        limits::ARCHIVE_PAGE: PAGES_OF_ARCHIVE, "2026-11-26";
        limits::BACKFILL_MINUTES: BACKFILL, "2026-11-26";
        limits::COMPLIANCE_IDS: COMPLIANCE, "2026-11-27";
        limits::COMPLIANCE_JOB: COMPLIANCE, "2026-11-27";
        limits::CONNECTS: RATE_LIMITS, "2026-11-26";
        limits::CONNECT_WINDOW: RATE_LIMITS, "2026-11-26";
        limits::FIRST_POST: ARCHIVE, "2026-11-26";
        limits::KEEP_ALIVE: STREAMING, "2026-11-26";
        limits::LATENESS: STREAMING, "2026-11-26";
        limits::NETWORK_BACKOFF: RECONNECTING, "2026-11-26";
        limits::RATE_LIMIT_BACKOFF: RECONNECTING, "2026-11-26";
        limits::RECOVERY_REACH: BACKFILL, "2026-11-26";
        limits::RULES: RATE_LIMITS, "2026-11-26";
        limits::RULES_A_REQUEST: CHANGING_RULES, "2026-11-26";
        limits::RULE_WRITES: RATE_LIMITS, "2026-11-26";
        limits::SEARCHABLE_AFTER: PAGES_OF_SEARCH, "2026-11-26";
        limits::SEARCH_PAGE: RECENT_SEARCH, "2026-11-26";
        limits::SEARCH_REACH: SEARCH, "2026-11-26";
        limits::SERVER_BACKOFF: RECONNECTING, "2026-11-26";
        prices::MICRO_DOLLARS_A_FULL_ARCHIVE_COUNT: PRICES, "2026-11-26";
        prices::MICRO_DOLLARS_A_POST: PRICES, "2026-11-26";
        prices::MICRO_DOLLARS_A_RECENT_COUNT: PRICES, "2026-11-26";
        prices::MICRO_DOLLARS_A_USER: PRICES, "2026-11-26";
        snowflake::EPOCH_MS: SNOWFLAKE, "2026-11-26";
        snowflake::SEQUENCE_BITS: SNOWFLAKE, "2026-11-26";
    }
}

fn fact(name: &'static str, value: &dyn Debug, source: &'static str, checked: &'static str) -> Fact {
    Fact { name, value: format!("{value:?}"), source, checked }
}

/// The facts that, on the day of `now` (UTC), were last checked more than `days` days ago.
#[must_use]
pub fn older_than(days: u32, now: UtcTime) -> Vec<Fact> {
    older(all(), days, now)
}

fn older(facts: Vec<Fact>, days: u32, now: UtcTime) -> Vec<Fact> {
    let oldest = now.before(Duration::from_secs(u64::from(days) * 24 * 3600)).day();
    // Days are written so that they sort as they follow one another.
    facts.into_iter().filter(|fact| fact.checked < oldest.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_fact_is_older_than_some_days_on_the_day_after_them() {
        let names = |days: u32, now: &str| {
            let made_up = [("a", "2026-01-01"), ("b", "2026-01-31"), ("c", "2026-03-01")];
            let made_up = made_up.map(|(name, checked)| fact(name, &1, SEARCH, checked)).to_vec();
            let older = older(made_up, days, now.parse().unwrap());
            older.into_iter().map(|fact| fact.name).collect::<String>()
        };
        assert_eq!(names(30, "2026-01-31T23:59:59Z"), "");
        assert_eq!(names(30, "2026-02-01T00:00:00Z"), "a");
        assert_eq!(names(30, "2026-03-02T23:59:59Z"), "a");
        assert_eq!(names(30, "2026-03-03T00:00:00Z"), "ab");
        assert_eq!(names(0, "2026-03-01T12:00:00Z"), "ab");
        assert_eq!(names(0, "2026-03-02T00:00:00Z"), "abc");
        // More days than have passed since 1970.
        assert_eq!(names(u32::MAX, "2026-03-02T00:00:00Z"), "");
    }

    #[test]
    fn every_public_constant_of_limits_and_prices_is_a_fact() {
        let named: BTreeSet<&str> = all().iter().map(|fact| fact.name).collect();
        assert_eq!(named.len(), all().len(), "one is there twice");
        for (module, source, least) in
            [("limits", include_str!("limits.rs"), 10), ("prices", include_str!("prices.rs"), 4)]
        {
            let constants =
                source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
            let constants: Vec<String> = constants.map(|name| format!("{module}::{name}")).collect();
            assert!(constants.len() >= least, "{constants:?}");
            for constant in constants {
                assert!(named.contains(constant.as_str()), "{constant} is not in the table");
            }
        }
    }

    #[test]
    fn every_fact_has_a_value_a_source_and_a_day() {
        for Fact { name, value, source, checked } in all() {
            assert!(!value.is_empty() && source.starts_with("https://"), "{name}");
            let day: UtcTime = format!("{checked}T00:00:00Z").parse().unwrap();
            assert_eq!(day.day(), checked, "{name}");
        }
        let connects = all().into_iter().find(|fact| fact.name == "limits::CONNECTS").unwrap();
        assert_eq!(connects.value, limits::CONNECTS.to_string());
    }
}
