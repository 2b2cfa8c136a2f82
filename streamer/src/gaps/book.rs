//! The records of gaps: each is written, however often it takes, and their number is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::Keyword;
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

/// Approximately how many records of one state are kept. Beyond that, the oldest of a keyword are merged.
const KEPT: usize = 5_000;

/// After each failed attempt to write a record, the wait before the next attempt grows by the first, up to the second.
const RETRY_STEP: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(16);

/// How many records are written concurrently: an interruption has one for each keyword.
pub(crate) const AT_ONCE: usize = 16;

/// The records of the gaps of one stream. Copies share their state.
#[derive(Clone, Debug)]
pub(crate) struct GapBook {
    status: StreamStatusTable,
    /// Approximately how many records of each state there are, once they have been counted.
    kept: Arc<Mutex<BTreeMap<GapState, usize>>>,
    bounding: Arc<tokio::sync::Mutex<()>>,
}

impl GapBook {
    pub(crate) fn new(status: StreamStatusTable) -> Self {
        Self { status, kept: Arc::default(), bounding: Arc::default() }
    }

    /// At most `most` of the gaps that wait to be healed, earliest first.
    pub(crate) async fn healing(&self, most: usize) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut after = None;
        loop {
            let page = until_done("read the gaps", || {
                self.status.gaps(GapState::Healing, page_size(most), after.clone())
            })
            .await;
            gaps.extend(page.gaps);
            after = page.next;
            if after.is_none() || gaps.len() >= most {
                gaps.truncate(most);
                return gaps;
            }
        }
    }

    /// Records a gap. Of a history, its keyword says so too.
    pub(crate) async fn add(&self, gap: &Gap) {
        until_done("note a gap", || self.status.add_gap(gap)).await;
        self.note_history(gap).await;
        self.grown(gap.state).await;
    }

    /// Records that a gap has changed. Of a history, its keyword says so first: what crashes in between is healed again, and said again.
    pub(crate) async fn change(&self, before: &Gap, after: &Gap) {
        self.note_history(after).await;
        until_done("note what became of a gap", || self.status.change_gap(before, after)).await;
        if before.state != after.state {
            self.grown(after.state).await;
        }
    }

    async fn note_history(&self, gap: &Gap) {
        if gap.history.is_some() {
            until_done("note how a history is going", || self.status.note_history(gap)).await;
        }
    }

    /// The open gaps of these keywords that end at `end`.
    pub(crate) async fn open_until(&self, end: UtcTime, keywords: &BTreeSet<Keyword>) -> Vec<Gap> {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = until_done("read the gaps", || {
                self.status.latest_gaps(GapState::Open, page_size(KEPT), before.clone())
            })
            .await;
            let is_over = page.gaps.last().is_none_or(|gap| gap.to < end);
            found
                .extend(page.gaps.into_iter().filter(|gap| gap.to == end && keywords.contains(&gap.keyword)));
            before = page.next;
            if is_over || before.is_none() {
                return found;
            }
        }
    }

    /// Deletes these gaps, because others on record replace them.
    pub(crate) async fn forget(&self, gaps: &[Gap]) {
        for gap in gaps {
            until_done("forget a gap", || self.status.delete_gap(gap)).await;
        }
    }

    /// Notes that the posts of a keyword are collected, and that a gap says which of them are missing.
    pub(crate) async fn is_collected(&self, keyword: &Keyword, started: UtcTime, is_paused: bool) {
        until_done("note that a keyword is collected", || {
            self.status.keyword_is_collected(keyword, started, is_paused)
        })
        .await;
    }

    /// Counts a new record of a state. The number of those that wait to be healed is bounded by the healer.
    async fn grown(&self, state: GapState) {
        if state == GapState::Healing {
            return;
        }
        let kept = self.kept().get_mut(&state).map(|kept| {
            *kept += 1;
            *kept
        });
        if kept.is_some_and(|kept| kept <= KEPT) {
            return;
        }
        // Of several concurrent writers, one bounds the records for all.
        let Ok(_bounding) = self.bounding.try_lock() else { return };
        // They are counted first, because records also expire.
        match self.status.bound_gaps(state, KEPT).await {
            Ok(left) => drop(self.kept().insert(state, left)),
            Err(error) => {
                tracing::warn!(%error, "could not bound the records of gaps; the next record tries again")
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<GapState, usize>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn page_size(most: usize) -> i32 {
    const PAGE: usize = 1_000;
    i32::try_from(most.min(PAGE)).unwrap_or(i32::MAX)
}

/// Tries an action until it succeeds.
async fn until_done<T, W>(what: &str, act: impl Fn() -> W) -> T
where
    W: Future<Output = Result<T, TableError>>,
{
    let mut wait = Duration::ZERO;
    loop {
        match act().await {
            Ok(done) => return done,
            Err(error) => tracing::warn!(%error, "could not {what}"),
        }
        wait = (wait + RETRY_STEP).min(RETRY_MAX);
        tokio::time::sleep(wait).await;
    }
}
