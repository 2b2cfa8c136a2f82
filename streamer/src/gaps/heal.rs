//! Healing one gap: its posts are fetched, page by page, and put on the queue.

use std::collections::BTreeSet;
use std::time::Duration;

use stream::gaps::{Gap, GapState, HealedBy, MayLack, Period, Unfetchable};
use tokio::sync::watch;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::book::GapBook;
use super::worklist::{Work, too_old};
use crate::cursor::Cursor;
use crate::intake::{Fetched, Intake};
use crate::meter::Meter;
use crate::progress::Progress;
use crate::source::{Backoff, Class, Failure, FetchedPage, RequestedKeywords, Rest, Source};
use crate::tallies::Tallies;
use crate::waiting::NotTaken;

/// How long a connection must live until the source has delivered the missed posts.
const BACKFILL_TIME: Duration = Duration::from_secs(60);

/// The shortest time between two requests, so that the requests that a crash forgets stay below the reserve of
/// [`crate::source::RateLimits`].
const PACE: Duration = Duration::from_millis(200);

/// How often it is saved how far a gap has been fetched.
const SAVE_PROGRESS: Duration = Duration::from_secs(5);

/// How long to wait after the source has refused a request as such. It is asked again, also after a new version has started: the
/// program's request was wrong, or the source is about to change.
const REFUSED_WAIT: Duration = Duration::from_secs(60 * 60);

/// Heals gaps.
pub(crate) struct GapHealer<S> {
    pub(crate) source: S,
    pub(crate) gaps: GapBook,
    pub(crate) meter: Meter,
    pub(crate) intake: Intake,
    pub(crate) requested: watch::Receiver<RequestedKeywords>,
    pub(crate) tallies: Tallies,
    pub(crate) progress: Progress,
}

/// What came of an attempt to heal a gap.
#[derive(Debug)]
pub(crate) enum Healed {
    /// Its record says what became of it.
    Finished,
    /// It is to be tried again when it is due.
    Later(Box<Work>),
}

/// Why a gap is not healed.
enum Unhealed {
    /// Posts are missing for good.
    Open(String),
    /// Its keyword is no longer requested.
    Abandoned,
    /// The source may deliver it later.
    Later(Class, String),
    /// The source refuses the request as such.
    Refused(String),
    /// The day's budget does not allow it.
    Budget,
    /// This streamer ends.
    Ending,
}

impl From<Failure> for Unhealed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing { class, reason } => Self::Later(class, reason),
            // The connection will report it too.
            Failure::Unauthorized(reason) => Self::Later(Class::Server, reason),
            Failure::InvalidRequest(reason) | Failure::Final(reason) => Self::Refused(reason),
        }
    }
}

/// The pages of a period, as far as they have been turned.
struct Pages {
    of: Period,
    /// Asks for the next page; `None` for the first.
    next: Option<String>,
}

/// A gap, and its record.
struct Recorded<'a> {
    book: &'a GapBook,
    record: Gap,
    gap: Gap,
}

impl Recorded<'_> {
    /// Writes the record, if the gap has changed.
    async fn save(&mut self) {
        if self.gap != self.record {
            self.book.change(&self.record, &self.gap).await;
            self.record = self.gap.clone();
        }
    }

    /// Writes the record of a gap that is finished.
    async fn finish(mut self, change: impl FnOnce(Gap) -> Gap) -> Healed {
        self.gap = change(self.gap);
        self.save().await;
        Healed::Finished
    }
}

impl<S: Source> GapHealer<S> {
    /// Heals one gap, or records why it cannot be healed.
    pub(crate) async fn heal(&self, Work { gap, backfilled, .. }: Work) -> Healed {
        let mut recorded = Recorded { book: &self.gaps, record: gap.clone(), gap };
        if let Some(backfill) = backfilled {
            tokio::select! {
                () = async {
                    tokio::time::sleep(BACKFILL_TIME).await;
                    backfill.cursor.passes(backfill.cursor.reached()).await;
                } => {
                    let healed_by = Some(HealedBy::Backfill);
                    return recorded.finish(|gap| Gap { state: GapState::Closed, healed_by, ..gap }).await;
                }
                () = backfill.connection.cancelled() => {}
            }
        }
        let mut backoff = Backoff::new(S::BACKOFF);
        let mut pages = None;
        loop {
            // By now a search finds everything that was posted in it.
            let ready = recorded.gap.to.after(S::FETCHABLE_AFTER);
            tokio::time::sleep(ready.since(UtcTime::now())).await;
            let fetched = self.fetch(&mut recorded, &mut pages).await;
            let Gap { keyword, from, to, posts, .. } = &recorded.gap;
            let (reason, wait) = match fetched {
                Ok(()) => {
                    tracing::info!(%keyword, %from, %to, posts, "healed a gap");
                    return recorded.finish(|gap| self.closed(gap)).await;
                }
                Err(Unhealed::Open(reason)) => {
                    tracing::warn!(%keyword, %from, %to, reason, "a gap stays open");
                    return recorded
                        .finish(|gap| Gap { state: GapState::Open, reason: Some(reason), ..gap })
                        .await;
                }
                Err(Unhealed::Abandoned) => return recorded.finish(|gap| gap.abandoned()).await,
                Err(Unhealed::Ending) => return std::future::pending().await,
                Err(Unhealed::Refused(reason)) => {
                    self.progress.request_refused();
                    let due = UtcTime::now().after(REFUSED_WAIT);
                    tracing::error!(%keyword, reason, %due, "the source refuses the request that would heal a gap");
                    let reason =
                        format!("the source refuses the request, which is made again at {due}: {reason}");
                    recorded.gap.reason = Some(reason);
                    recorded.save().await;
                    return Healed::Later(Box::new(Work { gap: recorded.gap, backfilled: None, due }));
                }
                Err(Unhealed::Later(class, reason)) => {
                    let wait = backoff.wait(class, UtcTime::now());
                    tracing::warn!(%keyword, reason, wait_ms = wait.as_millis(), "healing goes on later");
                    (reason, Some(wait))
                }
                Err(Unhealed::Budget) => ("the day's budget of posts is used up".to_owned(), None),
            };
            recorded.gap.reason = Some(reason);
            recorded.save().await;
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => self.meter.free_for_healing(S::PAGE.0).await,
            }
        }
    }

    /// Fetches what is left of a gap, and waits until the queue has it. Another attempt goes on where this one stopped, with the
    /// same `pages`: nothing is paid for twice.
    async fn fetch(&self, recorded: &mut Recorded<'_>, pages: &mut Option<Pages>) -> Result<(), Unhealed> {
        let cursor = Cursor::new(recorded.gap.from);
        let mut saved = Instant::now();
        loop {
            self.wait_for_limit(recorded).await;
            // Posts that cannot be queued are not fetched, and not paid for.
            self.intake.half_free().await;
            let now = UtcTime::now();
            let gap = &mut recorded.gap;
            if !self.requested.borrow().contains_key(&gap.keyword) {
                return Err(Unhealed::Abandoned);
            }
            let left = gap.still_to_fetch();
            if S::FETCHABLE_FOR.is_some_and(|time| left.from < now.before(time)) {
                return Err(Unhealed::Open(too_old(S::FETCHABLE_FOR)));
            }
            let (least, most) = S::PAGE;
            let mut allowance = self.meter.allow(least, most, now).ok_or(Unhealed::Budget)?;
            let Pages { of, next } = pages.get_or_insert_with(|| Pages { of: left, next: None });
            let fetch = self.source.fetch(&gap.keyword, *of, next.as_deref(), allowance.posts());
            let FetchedPage { posts, rest } = fetch.await?;
            for post in posts {
                match self.intake.take_fetched(post, &gap.keyword, &mut allowance, &cursor).await {
                    Ok(Fetched::New) => gap.posts += 1,
                    Ok(Fetched::Repeated) => {}
                    Err(NotTaken::NoRoom | NotTaken::Ended) => return Err(Unhealed::Ending),
                }
            }
            drop(allowance);
            // What is on record as fetched must be on the queue.
            cursor.free().await;
            let Some(Rest { page, period }) = rest else { return Ok(()) };
            *next = Some(page);
            (gap.left, gap.reason) = (Some(period), None);
            if saved.elapsed() >= SAVE_PROGRESS {
                recorded.save().await;
                saved = Instant::now();
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// A gap of which everything that the source offers has been queued.
    fn closed(&self, gap: Gap) -> Gap {
        let mut kinds: BTreeSet<Unfetchable> = S::UNFETCHABLE.iter().copied().collect();
        if self.requested.borrow().get(&gap.keyword).is_some_and(|state| !state.reposts) {
            kinds.remove(&Unfetchable::Reposts);
        }
        let reposts_about = kinds
            .contains(&Unfetchable::Reposts)
            .then(|| self.tallies.reposts_beside(gap.posts, &gap.keyword, gap.to))
            .flatten();
        let may_lack = (!kinds.is_empty()).then_some(MayLack { kinds, reposts_about });
        let (state, healed_by) = (GapState::Closed, Some(S::HEALED_BY));
        Gap { state, healed_by, reason: None, left: None, may_lack, ..gap }
    }

    /// Waits until the source allows another request, and says so where that takes a while.
    async fn wait_for_limit(&self, recorded: &mut Recorded<'_>) {
        let wait = self.source.fetch_wait(UtcTime::now());
        if wait.is_zero() {
            return;
        }
        let until = UtcTime::now().after(wait);
        recorded.gap.reason = Some(format!("waits until {until}: the source allows no more requests before"));
        recorded.save().await;
        tokio::time::sleep(wait).await;
    }
}
