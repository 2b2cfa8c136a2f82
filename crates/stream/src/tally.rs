//! What each keyword has brought, by day.

use std::collections::BTreeMap;

use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;

use crate::table::{Fenced, Lease, StreamStatusTable};

/// The prefix of the names of its items. It is spread over several, because DynamoDB's items hold 400 KB.
const PREFIX: &str = "tally#";

/// How many items there are. With 1,000 keywords of 512 bytes on two days, each has some 80 KB.
const ITEMS: usize = 16;

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
    /// Posts that were fetched to heal gaps.
    #[serde(default)]
    pub fetched: u64,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Part {
    #[serde(default)]
    days: Tally,
}

impl StreamStatusTable {
    /// What was last saved; empty if nothing was ever read.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read.
    pub async fn tally(&self) -> Result<Tally, TableError> {
        let items = self.items(PREFIX, "read what the keywords have brought").await?;
        let parts: Vec<Part> = serde_dynamo::from_items(items).map_err(|error| self.invalid_item(&error))?;
        let mut tally = Tally::new();
        for (day, keywords) in parts.into_iter().flat_map(|part| part.days) {
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
        for (number, (part, before)) in parts(tally).iter().zip(parts(before)).enumerate() {
            if *part == before {
                continue;
            }
            let name = format!("{PREFIX}{number:02}");
            let saved = self.save_fenced(&name, part, lease, "save what the keywords have brought").await?;
            if saved == Fenced::LeaseLost {
                return Ok(Fenced::LeaseLost);
            }
        }
        Ok(Fenced::Written)
    }
}

/// The items of a tally.
fn parts(tally: &Tally) -> [Part; ITEMS] {
    let mut parts: [Part; ITEMS] = Default::default();
    for (day, keywords) in tally {
        for (keyword, brought) in keywords {
            // Any function that spreads them evenly, and never changes.
            let sum =
                keyword.as_str().bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(byte));
            let part = &mut parts[sum % ITEMS];
            part.days.entry(day.clone()).or_default().insert(keyword.clone(), *brought);
        }
    }
    parts
}
