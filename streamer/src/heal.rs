//! Healing: what was missed is put on record, and fetched again while the stream flows.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use ::stream::gaps::{Gap, GapState, HealedBy};
use futures::{StreamExt, stream};
use posts::{Keyword, Post};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::buffer::{Buffer, Content, NotTaken, Origin};
use crate::cursor::{Cursor, Hold};
use crate::gap_book::{AT_ONCE, GapBook};
use crate::ledger::Ledger;
use crate::progress::Untold;
use crate::read::{Desired, Missing};
use crate::reconnect::{Class, Failures};
use crate::seen::Seen;
use crate::source::{Failure, Source};

/// How many gaps may wait to be healed; beyond, they are recorded as open.
const WAITING: usize = 10_000;

/// How many interruptions may wait to be put on record; beyond, reading waits.
pub(crate) const INTERRUPTIONS: usize = 64;

/// For how long a connection must live until what X delivers again has come.
const BACKFILL_TIME: Duration = Duration::from_secs(60);

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
    /// Until when. If that is yet to come and it is to be healed, it is put on record then.
    pub(crate) to: UtcTime,
    /// Whether it is to be healed.
    pub(crate) heal: bool,
    /// The source delivers again what was posted.
    pub(crate) backfill: Option<Backfill>,
    /// Tells that posts are missing until the gaps are on record.
    pub(crate) untold: Option<Untold>,
    /// What is done then.
    pub(crate) then: Then,
}

/// What the source delivers again by itself.
#[derive(Clone, Debug)]
pub(crate) struct Backfill {
    /// Posts made from then on.
    pub(crate) from: UtcTime,
    /// Cancelled when the connection ends.
    pub(crate) connection: CancellationToken,
    /// The connection's cursor: what it has passed is on the queue.
    pub(crate) cursor: Cursor,
}

/// What is done once the gaps of an interruption are on record.
#[derive(Debug)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// The cursor of this connection may pass them, and a pause of its is over.
    Pass { connection: String, hold: Hold },
    /// It is noted that this connection reads nothing until the interruption's end.
    Pause(String),
}

/// Records gaps and heals them.
pub(crate) struct Healer<S> {
    pub(crate) source: S,
    pub(crate) gaps: GapBook,
    pub(crate) ledger: Ledger,
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    pub(crate) desired: watch::Receiver<Desired>,
}

/// A gap to be healed.
#[derive(Debug)]
struct Work {
    gap: Gap,
    /// The source delivers it again by itself.
    backfilled: Option<Backfill>,
}

/// Why a gap is not healed.
enum Unhealed {
    /// Posts are missing for good.
    Open(String),
    /// Nobody asks for it any more.
    Abandoned,
    /// The source may give it later.
    Later(Class, String),
    /// The day's budget does not allow it.
    Budget,
    /// Nobody takes posts any more: this streamer ends.
    Ending,
}

impl From<Failure> for Unhealed {
    fn from(failure: Failure) -> Self {
        match failure {
            // A token that is refused may be replaced; the connection will say so too.
            Failure::Final { status: Some(401), reason } => Self::Later(Class::Server, reason),
            Failure::Final { reason, .. } => Self::Open(reason),
            Failure::Passing { class, reason } => Self::Later(class, reason),
        }
    }
}

impl<S: Source> Healer<S> {
    /// Records what comes in and heals it, and what earlier readers left, one after the other; never
    /// ends. Dropped to be stopped: what is not healed by then, the next reader goes on with.
    pub(crate) async fn run(self, mut interruptions: mpsc::Receiver<Interruption>) {
        let mut waiting: VecDeque<Work> = self.left_behind().await.into();
        let mut to_come: Vec<Interruption> = Vec::new();
        let mut healing = None;
        loop {
            if healing.is_none() {
                healing = waiting.pop_front().map(|work| Box::pin(self.heal(work)));
            }
            let next_ends = to_come.iter().map(|interruption| interruption.to).min();
            tokio::select! {
                interruption = interruptions.recv() => match interruption {
                    Some(interruption) if interruption.heal && interruption.to > UtcTime::now() => {
                        to_come.push(interruption);
                    }
                    Some(interruption) => self.record(interruption, &mut waiting).await,
                    None => std::future::pending().await,
                },
                () = tokio::time::sleep(next_ends.map_or(Duration::ZERO, |end| end.since(UtcTime::now()))),
                    if next_ends.is_some() =>
                {
                    let now = UtcTime::now();
                    let (over, later) = to_come.into_iter().partition(|interruption| interruption.to <= now);
                    to_come = later;
                    let over: Vec<Interruption> = over;
                    for interruption in over {
                        self.record(interruption, &mut waiting).await;
                    }
                }
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
        let healing = self.gaps.healing(WAITING).await;
        let desired = self.desired.borrow().clone();
        let ours = healing.into_iter().filter(|gap| desired.contains_key(&gap.keyword));
        ours.map(|gap| Work { gap, backfilled: None }).collect()
    }

    /// Puts an interruption on record; only then may the cursor pass it.
    async fn record(&self, interruption: Interruption, waiting: &mut VecDeque<Work>) {
        let Interruption { cause, missing, to, heal, backfill, untold, then } = interruption;
        let mut records = Vec::new();
        for Missing { keyword, from, was_collected, .. } in &missing {
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
                let horizon = S::REACH.map_or(*from, |reach| UtcTime::now().before(reach));
                (horizon.min(to), too_old::<S>())
            } else {
                (to, cause.clone())
            };
            if *from < beyond {
                records.push((None, gap(*from, beyond, Some(reason))));
            }
            let from = (*from).max(beyond);
            if from >= to {
                continue;
            }
            let new = gap(from, to, None);
            let backfilled = backfill.as_ref().filter(|backfill| *was_collected && backfill.from <= from);
            // What overlaps is fetched once.
            let overlaps = |work: &&mut Work| {
                work.gap.keyword == *keyword
                    && work.backfilled.is_none()
                    && from <= work.gap.to
                    && work.gap.from <= to
            };
            if let Some(work) = waiting.iter_mut().filter(|_| backfilled.is_none()).find(overlaps) {
                let both = work.gap.merged(&new);
                let before = std::mem::replace(&mut work.gap, both.clone());
                records.push((Some(before), both));
            } else if waiting.len() >= WAITING {
                records.push((None, gap(from, to, Some("too many gaps wait to be healed".to_owned()))));
            } else {
                records.push((None, new.clone()));
                let backfilled = backfilled.cloned();
                waiting.push_back(Work { gap: new, backfilled });
            }
        }
        stream::iter(records)
            .for_each_concurrent(AT_ONCE, |(before, gap)| async move {
                match before {
                    Some(before) => self.gaps.change(&before, &gap).await,
                    None => self.gaps.add(&gap).await,
                }
            })
            .await;
        let keywords: BTreeSet<Keyword> = missing.iter().map(|missing| missing.keyword.clone()).collect();
        stream::iter(missing)
            .for_each_concurrent(AT_ONCE, |Missing { keyword, started, .. }| async move {
                self.gaps.is_collected(&keyword, started).await;
            })
            .await;
        drop(untold);
        match then {
            Then::Nothing => {}
            Then::Pass { connection, hold } => {
                // The budget was raised, or the clock set: what is recorded now stands in the pause's stead.
                if let Some(until) = self.ledger.paused_until(&connection) {
                    if until > to {
                        self.gaps.forget_open(until, &keywords).await;
                    }
                    self.ledger.resume(&connection);
                }
                hold.release();
            }
            Then::Pause(connection) => self.ledger.pause(&connection, to),
        }
    }

    /// Heals one gap, or finds out why it cannot be.
    async fn heal(&self, Work { mut gap, backfilled }: Work) {
        if let Some(backfill) = backfilled {
            tokio::select! {
                () = async {
                    tokio::time::sleep(BACKFILL_TIME).await;
                    backfill.cursor.passes(backfill.cursor.reached()).await;
                } => {
                    let healed_by = Some(HealedBy::Backfill);
                    let closed = Gap { state: GapState::Closed, healed_by, ..gap.clone() };
                    return self.gaps.change(&gap, &closed).await;
                }
                () = backfill.connection.cancelled() => {}
            }
        }
        let mut failures = Failures::default();
        loop {
            // Now searching finds all that was posted in it.
            let ready = gap.to.after(S::SETTLED);
            tokio::time::sleep(ready.since(UtcTime::now())).await;
            let noted = gap.clone();
            let unhealed = match self.fetch(&mut gap).await {
                Ok(()) => {
                    (gap.state, gap.healed_by, gap.reason) = (GapState::Closed, Some(S::HEALS), None);
                    tracing::info!(keyword = %gap.keyword, from = %gap.from, to = %gap.to, posts = gap.posts, "healed a gap");
                    return self.gaps.change(&noted, &gap).await;
                }
                Err(unhealed) => unhealed,
            };
            let (reason, wait) = match unhealed {
                Unhealed::Open(reason) => {
                    tracing::warn!(keyword = %gap.keyword, from = %gap.from, to = %gap.to, reason, "a gap stays open");
                    (gap.state, gap.reason) = (GapState::Open, Some(reason));
                    return self.gaps.change(&noted, &gap).await;
                }
                Unhealed::Abandoned => return self.gaps.change(&noted, &gap.abandoned()).await,
                Unhealed::Ending => return std::future::pending().await,
                Unhealed::Later(class, reason) => {
                    let wait = failures.wait(class, false, UtcTime::now());
                    tracing::warn!(keyword = %gap.keyword, reason, wait_ms = wait.as_millis(), "healing goes on later");
                    (reason, Some(wait))
                }
                Unhealed::Budget => ("the day's budget of posts is used up".to_owned(), None),
            };
            if gap.reason.as_ref() != Some(&reason) {
                gap.reason = Some(reason);
            }
            if gap != noted {
                self.gaps.change(&noted, &gap).await;
            }
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => self.ledger.budget_for_healing(S::PAGE.0).await,
            }
        }
    }

    /// Fetches what was posted in a gap, and waits until the queue has it.
    async fn fetch(&self, gap: &mut Gap) -> Result<(), Unhealed> {
        let cursor = Cursor::new(gap.from);
        let mut next = None;
        loop {
            // What cannot be queued is not paid for yet.
            self.buffer.half_free().await;
            let now = UtcTime::now();
            if !self.desired.borrow().contains_key(&gap.keyword) {
                return Err(Unhealed::Abandoned);
            }
            if S::REACH.is_some_and(|reach| gap.from < now.before(reach)) {
                return Err(Unhealed::Open(too_old::<S>()));
            }
            let (least, most) = S::PAGE;
            // Until its posts have been counted.
            let allowance = self.ledger.allow(least, most, now).ok_or(Unhealed::Budget)?;
            let page =
                self.source.page(&gap.keyword, gap.from, gap.to, next.as_deref(), allowance.posts()).await?;
            let new: Vec<Post> =
                page.posts.into_iter().filter(|post| !self.seen.contains(&gap.keyword, post)).collect();
            self.ledger.count_posts(new.len() as u64, UtcTime::now());
            drop(allowance);
            for post in new {
                let (id, edited_at) = (post.tweet_id.clone(), post.edited_at);
                self.queue(post, &gap.keyword, &cursor).await?;
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

    /// Puts a post into the buffer once there is room. The stream goes first: healing leaves it half of it.
    async fn queue(&self, post: Post, keyword: &Keyword, cursor: &Cursor) -> Result<(), Unhealed> {
        let mut content = Content::Post(Box::new(post));
        loop {
            self.buffer.half_free().await;
            let keywords = BTreeSet::from([keyword.clone()]);
            content = match self.buffer.take(content, keywords, Origin::Healing, cursor) {
                Ok(()) => return Ok(()),
                Err(NotTaken::Full(content)) => content,
                Err(NotTaken::Ended) => return Err(Unhealed::Ending),
            };
        }
    }
}

fn too_old<S: Source>() -> String {
    let days = S::REACH.unwrap_or_default().as_secs().div_ceil(24 * 3600);
    format!("older than the {days} days for which posts can be fetched again")
}
