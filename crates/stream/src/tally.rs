//! What each keyword has brought, by day.

use std::collections::BTreeMap;

use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use utc_time::UtcTime;

use crate::table::{Fenced, Lease, StreamStatusTable};

/// The prefix of the names of its items; the day and a number follow. A day is spread over several items, because one of DynamoDB's holds 400 KB.
const PREFIX: &str = "brought#";

/// How many items a day has. With 2,000 keywords of 512 bytes, each has some 80 KB.
const ITEMS: usize = 16;

/// How many days after its day an item is kept.
const KEEP_DAYS: i64 = 3;

/// What each keyword has brought, by day (UTC, as in `2026-11-23`).
pub type Tally = BTreeMap<String, BTreeMap<Keyword, KeywordTally>>;

/// What a keyword has brought in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeywordTally {
    /// Posts that the stream delivered, reposts included.
    #[serde(default)]
    pub streamed: u64,
    /// How many of them were reposts.
    #[serde(default)]
    pub reposts: u64,
    /// When it delivered the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<UtcTime>,
    /// When it delivered the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<UtcTime>,
    /// Posts that were fetched to heal gaps.
    #[serde(default)]
    pub fetched: u64,
}

impl KeywordTally {
    /// Posts that were delivered or fetched.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.streamed.saturating_add(self.fetched)
    }

    /// How many of the posts that the stream delivered were none and how many were reposts; `None` if they are too few to conclude a share from.
    #[must_use]
    pub fn own_and_reposts(&self) -> Option<(u64, u64)> {
        let own = self.streamed.checked_sub(self.reposts).filter(|own| *own > 0)?;
        (self.streamed >= Self::ENOUGH).then_some((own, self.reposts))
    }

    /// From fewer posts than this, no share of reposts and no rate is concluded. Chosen here.
    pub const ENOUGH: u64 = 20;

    /// What a keyword has brought according to two counts of different posts.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            streamed: self.streamed.saturating_add(other.streamed),
            reposts: self.reposts.saturating_add(other.reposts),
            first_at: self.first_at.into_iter().chain(other.first_at).min(),
            last_at: self.last_at.max(other.last_at),
            fetched: self.fetched.saturating_add(other.fetched),
        }
    }
}

/// An item.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    day: String,
    keywords: BTreeMap<Keyword, KeywordTally>,
    expires_at: i64,
}

impl StreamStatusTable {
    /// What was last saved; empty if nothing was ever read.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn tally(&self) -> Result<Tally, TableError> {
        self.tallies_of(PREFIX).await
    }

    /// What was last saved of the day of `now`.
    ///
    /// # Errors
    /// As for [`StreamStatusTable::tally`].
    pub async fn tally_of_day(&self, now: UtcTime) -> Result<BTreeMap<Keyword, KeywordTally>, TableError> {
        let mut tally = self.tallies_of(&format!("{PREFIX}{}#", now.day())).await?;
        Ok(tally.remove(&now.day()).unwrap_or_default())
    }

    async fn tallies_of(&self, prefix: &str) -> Result<Tally, TableError> {
        let items = self.items(prefix, "read what the keywords have brought").await?;
        let parts: Vec<Part> = serde_dynamo::from_items(items).map_err(|error| self.invalid_item(&error))?;
        let mut tally = Tally::new();
        for Part { day, keywords, .. } in parts {
            tally.entry(day).or_default().extend(keywords);
        }
        Ok(tally)
    }

    /// Saves what each keyword has brought, unless the holder of a later lease has done so. Writes only what differs from `before`.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn save_tally(
        &self,
        tally: &Tally,
        before: &Tally,
        lease: &Lease,
    ) -> Result<Fenced, TableError> {
        for (day, keywords) in tally {
            let before = before.get(day).map(|keywords| parts(day, keywords)).unwrap_or_default();
            for (number, part) in parts(day, keywords).into_iter().enumerate() {
                if part.keywords.is_empty() || before.get(number) == Some(&part) {
                    continue;
                }
                let name = format!("{PREFIX}{day}#{number:02}");
                let saved =
                    self.save_fenced(&name, &part, lease, "save what the keywords have brought").await?;
                if saved == Fenced::LeaseLost {
                    return Ok(Fenced::LeaseLost);
                }
            }
        }
        Ok(Fenced::Written)
    }
}

/// The items of a day.
fn parts(day: &str, keywords: &BTreeMap<Keyword, KeywordTally>) -> Vec<Part> {
    let start: Option<UtcTime> = format!("{day}T00:00:00Z").parse().ok();
    let expires_at = start.map_or(0, |start| start.as_millis() / 1000 + KEEP_DAYS * 24 * 3600);
    let empty = || Part { day: day.to_owned(), keywords: BTreeMap::new(), expires_at };
    let mut parts: Vec<Part> = std::iter::repeat_with(empty).take(ITEMS).collect();
    for (keyword, brought) in keywords {
        // Any function that spreads them evenly, and never changes.
        let sum =
            keyword.as_str().bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(byte));
        parts[sum % ITEMS].keywords.insert(keyword.clone(), *brought);
    }
    parts
}
