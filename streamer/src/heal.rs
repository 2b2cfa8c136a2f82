//! Healing: what was missed is put on record, and fetched again while the stream flows.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use posts::{Added, Gap, GapState, HealedBy, Keyword, StreamStatusTable, TableError, UtcTime};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::cursor::{Cursor, Hold};
use crate::ledger::Ledger;
use crate::read::{Buffer, Content, Desired, Missing};
use crate::reconnect::{Class, Failures};
use crate::seen::Seen;
use crate::source::{Failure, Source};

/// How many gaps may wait to be healed; beyond, they are recorded as open.
const WAITING: usize = 10_000;

/// How many interruptions may wait to be put on record; beyond, reading waits.
pub(crate) const INTERRUPTIONS: usize = 64;

/// For how long a connection must live until what X delivers again has come.
const BACKFILL_TIME: Duration = Duration::from_secs(60);

/// Why the gap of a keyword that nobody desires any more is not healed.
pub(crate) const NOT_COLLECTED: &str = "the keyword is not collected any more";

/// The shortest time from one request to the next, so that what a crash forgets stays below the
/// ledger's reserve.
const PACE: Duration = Duration::from_millis(200);

/// An interruption of reading, as it becomes gaps: one for each keyword.
#[derive(Debug)]
pub(crate) struct Interruption {
    /// Why reading was interrupted.
    pub(crate) cause: String,
    /// What was missed, and from when on.
    pub(crate) missing: Vec<Missing>,
    /// Until when.
    pub(crate) to: UtcTime,
    /// Whether it is to be healed.
    pub(crate) heal: bool,
    /// The source delivers it again, while this is not cancelled.
    pub(crate) backfilled: Option<CancellationToken>,
    /// Keeps the cursor back until the gaps are on record.
    pub(crate) hold: Option<Hold>,
}

/// Records gaps and heals them.
pub(crate) struct Healer<S> {
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) ledger: Ledger,
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    pub(crate) desired: watch::Receiver<Desired>,
}

/// A gap to be healed.
#[derive(Debug)]
struct Work {
    gap: Gap,
    backfilled: Option<CancellationToken>,
}

/// Why a gap is not healed.
enum Unhealed {
    /// Posts are missing for good.
    Open(String),
    /// It may be healed later.
    Later(Failure),
}

impl From<Failure> for Unhealed {
    fn from(failure: Failure) -> Self {
        match failure {
            // A token that is refused may be replaced; the connection will say so too.
            Failure::Final { status: Some(401), reason } => {
                Self::Later(Failure::Passing { class: Class::Server, reason })
            }
            Failure::Final { reason, .. } => Self::Open(reason),
            passing @ Failure::Passing { .. } => Self::Later(passing),
        }
    }
}

impl<S: Source> Healer<S> {
    /// Records what comes in and heals it, and what earlier readers left, one after the other; never
    /// ends. Dropped to be stopped: what is not healed by then, the next reader goes on with.
    pub(crate) async fn run(self, mut interruptions: mpsc::Receiver<Interruption>) {
        let mut waiting: VecDeque<Work> = self.left_behind().await.into();
        let mut healing = None;
        loop {
            if healing.is_none() {
                healing = waiting.pop_front().map(|work| Box::pin(self.heal(work)));
            }
            tokio::select! {
                interruption = interruptions.recv() => match interruption {
                    Some(interruption) => self.record(interruption, &mut waiting).await,
                    None => std::future::pending().await,
                },
                () = async {
                    match healing.as_mut() {
                        Some(healing) => healing.as_mut().await,
                        None => std::future::pending().await,
                    }
                } => healing = None,
            }
        }
    }

    /// The gaps of this connection that earlier readers did not heal to the end.
    async fn left_behind(&self) -> Vec<Work> {
        let mut failures = Failures::default();
        loop {
            match self.status.gaps().await {
                Ok(gaps) => {
                    let desired = self.desired.borrow().clone();
                    let healing = gaps
                        .into_iter()
                        .filter(|gap| gap.state == GapState::Healing && desired.contains_key(&gap.keyword));
                    return healing.take(WAITING).map(|gap| Work { gap, backfilled: None }).collect();
                }
                Err(error) => {
                    tracing::warn!(%error, "could not read the gaps");
                    tokio::time::sleep(failures.wait(Class::Network, false, UtcTime::now())).await;
                }
            }
        }
    }

    /// Puts an interruption on record; only then may the cursor pass it.
    async fn record(&self, interruption: Interruption, waiting: &mut VecDeque<Work>) {
        let Interruption { cause, missing, to, heal, backfilled, hold } = interruption;
        for Missing { keyword, started, from } in missing {
            let gap = |from: UtcTime, to: UtcTime, open: Option<String>| Gap {
                keyword: keyword.clone(),
                from,
                to,
                cause: cause.clone(),
                state: if open.is_some() { GapState::Open } else { GapState::Healing },
                healed_by: None,
                posts: 0,
                reason: open,
            };
            // Up to where it cannot be healed.
            let (beyond, reason) = if heal {
                let horizon = S::REACH.map_or(from, |reach| UtcTime::now().before(reach));
                (horizon.min(to), too_old::<S>())
            } else {
                (to, cause.clone())
            };
            if from < beyond {
                self.add(gap(from, beyond, Some(reason)), heal).await;
            }
            let from = from.max(beyond);
            if from < to && waiting.len() >= WAITING {
                self.add(gap(from, to, Some("too many gaps wait to be healed".to_owned())), heal).await;
            } else if from < to {
                let gap = self.add(gap(from, to, None), heal).await;
                waiting.push_back(Work { gap, backfilled: backfilled.clone() });
            }
            self.until_noted("that a keyword is collected", || {
                self.status.keyword_is_collected(&keyword, started)
            })
            .await;
        }
        if let Some(hold) = hold {
            hold.release();
        }
    }

    /// Notes a gap. Where another that is to be healed ends at the same moment, it ends a millisecond
    /// later; a pause for the budget is noted once.
    async fn add(&self, mut gap: Gap, heal: bool) -> Gap {
        while self.until_noted("a gap", || self.status.add_gap(&gap)).await == Added::AlreadyThere && heal {
            gap.to = gap.to.after(Duration::from_millis(1));
        }
        gap
    }

    /// Saves what became of a gap.
    async fn save(&self, gap: &Gap) {
        self.until_noted("a gap", || self.status.save_gap(gap)).await;
    }

    /// Writes something; goes on until it is written.
    async fn until_noted<T, W>(&self, what: &str, write: impl Fn() -> W) -> T
    where
        W: Future<Output = Result<T, TableError>>,
    {
        let mut failures = Failures::default();
        loop {
            match write().await {
                Ok(written) => return written,
                Err(error) => tracing::warn!(%error, "could not note {what}"),
            }
            tokio::time::sleep(failures.wait(Class::Network, false, UtcTime::now())).await;
        }
    }

    /// Heals one gap, or finds out why it cannot be.
    async fn heal(&self, Work { mut gap, backfilled }: Work) {
        if let Some(alive) = backfilled {
            tokio::select! {
                () = tokio::time::sleep(BACKFILL_TIME) => {
                    (gap.state, gap.healed_by) = (GapState::Closed, Some(HealedBy::Backfill));
                    self.save(&gap).await;
                    return;
                }
                () = alive.cancelled() => {}
            }
        }
        let mut failures = Failures::default();
        loop {
            // Now searching finds all that was posted in it.
            let ready = gap.to.after(S::SETTLED);
            tokio::time::sleep(ready.since(UtcTime::now())).await;
            let (reason, wait) = match self.fetch(&mut gap).await {
                Ok(()) => {
                    (gap.state, gap.healed_by, gap.reason) = (GapState::Closed, Some(S::HEALS), None);
                    tracing::info!(keyword = %gap.keyword, from = %gap.from, to = %gap.to, posts = gap.posts, "healed a gap");
                    return self.save(&gap).await;
                }
                Err(Unhealed::Open(reason)) => {
                    tracing::warn!(keyword = %gap.keyword, from = %gap.from, to = %gap.to, reason, "a gap stays open");
                    (gap.state, gap.reason) = (GapState::Open, Some(reason));
                    return self.save(&gap).await;
                }
                Err(Unhealed::Later(Failure::Passing { class, reason })) => {
                    (reason, failures.wait(class, false, UtcTime::now()))
                }
                Err(Unhealed::Later(Failure::Final { reason, .. })) => (reason, Duration::ZERO),
            };
            tracing::warn!(keyword = %gap.keyword, reason, wait_ms = wait.as_millis(), "healing goes on later");
            if gap.reason.as_ref() != Some(&reason) {
                gap.reason = Some(reason);
                self.save(&gap).await;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Fetches what was posted in a gap, and waits until the queue has it.
    async fn fetch(&self, gap: &mut Gap) -> Result<(), Unhealed> {
        let cursor = Cursor::new(gap.from);
        let mut next = None;
        loop {
            let now = UtcTime::now();
            if !self.desired.borrow().contains_key(&gap.keyword) {
                return Err(Unhealed::Open(NOT_COLLECTED.to_owned()));
            }
            if S::REACH.is_some_and(|reach| gap.from < now.before(reach)) {
                return Err(Unhealed::Open(too_old::<S>()));
            }
            if self.ledger.is_budget_used_up(now) {
                let failure = Failure::passing(
                    Class::RateLimited(Some(now.start_of_next_day())),
                    "the day's budget of posts is used up",
                );
                return Err(Unhealed::Later(failure));
            }
            let page = self.source.page(&gap.keyword, gap.from, gap.to, next.as_deref()).await?;
            for post in page.posts {
                if self.seen.contains(&gap.keyword, &post) {
                    continue;
                }
                self.ledger.count_posts(1, UtcTime::now());
                let (id, edited_at) = (post.tweet_id.clone(), post.edited_at);
                let keywords: BTreeSet<Keyword> = [gap.keyword.clone()].into();
                // The stream goes first: healing leaves it half of the buffer.
                self.buffer.half_free().await;
                while self
                    .buffer
                    .take(Content::Post(Box::new(post.clone())), keywords.clone(), &cursor)
                    .is_none()
                {
                    self.buffer.half_free().await;
                }
                self.seen.insert(&gap.keyword, &id, edited_at);
                gap.posts += 1;
            }
            next = page.next;
            if next.is_none() {
                cursor.free().await;
                return Ok(());
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

fn too_old<S: Source>() -> String {
    let days = S::REACH.unwrap_or_default().as_secs().div_ceil(24 * 3600);
    format!("older than the {days} days for which posts can be fetched again")
}
