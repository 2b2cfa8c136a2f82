//! The bound of the records of gaps.

use std::collections::BTreeMap;

use crate::gaps::{Gap, GapState};
use crate::table::StreamStatusTable;
use posts::Keyword;
use service::tables::TableError;

/// Records that are read at once.
const PAGE: i32 = 1_000;

impl StreamStatusTable {
    /// Where there are more records of a state than `most`, makes one of those of each keyword among the older half,
    /// which covers all of them: more is said to be missing, never less. Where that frees nothing, for each is of
    /// another keyword, half of those are forgotten. Returns about how many records there are then.
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
            let forgotten = &gaps[..gaps.len() / 2];
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
        Ok(count - (gaps.len() - left))
    }
}
