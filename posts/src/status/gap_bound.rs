//! The bound of the records of gaps.

use std::collections::BTreeMap;

use super::{Gap, GapState, StreamStatusTable};
use crate::{Keyword, TableError};

/// Records that are read at once.
const PAGE: i32 = 1_000;

impl StreamStatusTable {
    /// Where there are more records of a state than `most`, makes one of the oldest `fold` of each keyword, which
    /// covers all of them: more is said to be missing, never less. Where that frees nothing, for each is of another
    /// keyword, the oldest half of them is forgotten. Returns about how many records there are then.
    ///
    /// # Errors
    /// What DynamoDB answered, or an item that this version cannot read. Doing it again is safe.
    pub async fn bound_gaps(&self, state: GapState, most: usize, fold: usize) -> Result<usize, TableError> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.gaps(state, PAGE, after).await?;
            count += page.gaps.len();
            after = page.next;
            if after.is_none() || count > most {
                break;
            }
        }
        if count <= most {
            return Ok(count);
        }
        let oldest = self.gaps(state, i32::try_from(fold).unwrap_or(PAGE), None).await?.gaps;
        let mut by_keyword: BTreeMap<&Keyword, Vec<&Gap>> = BTreeMap::new();
        for gap in &oldest {
            by_keyword.entry(&gap.keyword).or_default().push(gap);
        }
        if by_keyword.len() == oldest.len() {
            let forgotten = &oldest[..oldest.len() / 2];
            tracing::warn!(
                ?state,
                forgotten = forgotten.len(),
                "forgets the oldest records of gaps: there are too many"
            );
            for gap in forgotten {
                self.delete_gap(gap).await?;
            }
            return Ok(count - forgotten.len());
        }
        let left = by_keyword.len();
        for gaps in by_keyword.into_values() {
            let Some((first, rest)) = gaps.split_first().filter(|(_, rest)| !rest.is_empty()) else {
                continue;
            };
            let mut folded = rest.iter().fold((*first).clone(), |folded, gap| folded.merged(gap));
            "several interruptions, of which one record is kept".clone_into(&mut folded.cause);
            // First, so that nothing is ever said of less than is missing.
            self.add_gap(&folded).await?;
            for gap in gaps.iter().filter(|gap| (gap.from, gap.to) != (folded.from, folded.to)) {
                self.delete_gap(gap).await?;
            }
        }
        Ok(count - (oldest.len() - left))
    }
}
