//! The bound on the records of gaps.

use posts::Keyword;
use service::tables::TableError;
use std::collections::BTreeMap;

use crate::gaps::{Gap, GapState};
use crate::table::StreamStatusTable;

/// How many records are read in one request.
const PAGE: i32 = 1_000;

impl StreamStatusTable {
    /// If there are more than `most` records of a state, merges those of the older half that have the same keyword into one
    /// that covers them: it may claim that more is missing than is, never less. If each is of another keyword, deletes the older half
    /// of those instead. Returns approximately how many records are left.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read. Doing it again is safe.
    pub async fn bound_gaps(&self, state: GapState, most: usize) -> Result<usize, TableError> {
        let (mut gaps, mut after) = (Vec::new(), None);
        loop {
            let page = self.gaps(state, PAGE, after).await?;
            gaps.extend(page.gaps);
            after = page.next;
            if after.is_none() || gaps.len() > most {
                break;
            }
        }
        let count = gaps.len();
        if count <= most {
            return Ok(count);
        }
        gaps.truncate(count.div_ceil(2));
        let mut by_keyword: BTreeMap<&Keyword, Vec<&Gap>> = BTreeMap::new();
        for gap in &gaps {
            by_keyword.entry(&gap.keyword).or_default().push(gap);
        }
        if by_keyword.len() == gaps.len() {
            let deleted = &gaps[..gaps.len() / 2];
            tracing::warn!(
                ?state,
                deleted = deleted.len(),
                "deleting the oldest records of gaps: there are too many"
            );
            for gap in deleted {
                self.delete_gap(gap).await?;
            }
            return Ok(count - deleted.len());
        }
        let left = by_keyword.len();
        for gaps in by_keyword.into_values() {
            let Some((first, rest)) = gaps.split_first().filter(|(_, rest)| !rest.is_empty()) else {
                continue;
            };
            let mut folded = rest.iter().fold((*first).clone(), |folded, gap| folded.merged(gap));
            "several interruptions, merged into one record".clone_into(&mut folded.cause);
            // Written first, so that the records never claim less than is missing.
            self.add_gap(&folded).await?;
            for gap in gaps.iter().filter(|gap| (gap.from, gap.to) != (folded.from, folded.to)) {
                self.delete_gap(gap).await?;
            }
        }
        Ok(count - (gaps.len() - left))
    }
}
