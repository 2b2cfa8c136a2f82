//! Healing one gap: its posts are fetched, page by page, and put on the queue.

use std::time::Duration;

use stream::gaps::{Gap, GapState, HealedBy};
use tokio::sync::watch;
use utc_time::UtcTime;

use super::book::GapBook;
use super::worklist::{Work, too_old};
use crate::cursor::Cursor;
use crate::intake::{Fetched, Intake};
use crate::meter::Meter;
use crate::source::{Backoff, Class, Failure, RequestedKeywords, Source};
use crate::waiting::NotTaken;

/// How long a connection must live until the source has delivered the missed posts.
const BACKFILL_TIME: Duration = Duration::from_secs(60);

/// The shortest time between two requests, so that the requests that a crash forgets stay below the reserve of
/// [`crate::source::RateLimits`].
const PACE: Duration = Duration::from_millis(200);

/// Heals gaps.
pub(crate) struct GapHealer<S> {
    pub(crate) source: S,
    pub(crate) gaps: GapBook,
    pub(crate) meter: Meter,
    pub(crate) intake: Intake,
    pub(crate) requested: watch::Receiver<RequestedKeywords>,
}

/// Why a gap is not healed.
enum Unhealed {
    /// Posts are missing for good.
    Open(String),
    /// Its keyword is no longer requested.
    Abandoned,
    /// The source may deliver it later.
    Later(Class, String),
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
            Failure::InvalidRequest(reason) | Failure::Final(reason) => Self::Open(reason),
        }
    }
}

impl<S: Source> GapHealer<S> {
    /// Heals one gap, or records why it cannot be healed.
    pub(crate) async fn heal(&self, Work { mut gap, backfilled }: Work) {
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
        let mut backoff = Backoff::new(S::BACKOFF);
        loop {
            // By now a search finds everything that was posted in it.
            let ready = gap.to.after(S::FETCHABLE_AFTER);
            tokio::time::sleep(ready.since(UtcTime::now())).await;
            let noted = gap.clone();
            let unhealed = match self.fetch(&mut gap).await {
                Ok(()) => {
                    (gap.state, gap.healed_by, gap.reason) = (GapState::Closed, Some(S::HEALED_BY), None);
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
                    let wait = backoff.wait(class, UtcTime::now());
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
                None => self.meter.free_for_healing(S::PAGE.0).await,
            }
        }
    }

    /// Fetches the posts of a gap, and waits until the queue has them.
    async fn fetch(&self, gap: &mut Gap) -> Result<(), Unhealed> {
        let cursor = Cursor::new(gap.from);
        let mut next = None;
        loop {
            // Posts that cannot be queued are not fetched, and not paid for.
            self.intake.half_free().await;
            let now = UtcTime::now();
            if !self.requested.borrow().contains_key(&gap.keyword) {
                return Err(Unhealed::Abandoned);
            }
            if S::FETCHABLE_FOR.is_some_and(|time| gap.from < now.before(time)) {
                return Err(Unhealed::Open(too_old(S::FETCHABLE_FOR)));
            }
            let (least, most) = S::PAGE;
            let mut allowance = self.meter.allow(least, most, now).ok_or(Unhealed::Budget)?;
            let page =
                self.source.fetch(&gap.keyword, gap.from, gap.to, next.as_deref(), allowance.posts()).await?;
            for post in page.posts {
                match self.intake.take_fetched(post, &gap.keyword, &mut allowance, &cursor).await {
                    Ok(Fetched::New) => gap.posts += 1,
                    Ok(Fetched::Repeated) => {}
                    Err(NotTaken::NoRoom | NotTaken::Ended) => return Err(Unhealed::Ending),
                }
            }
            drop(allowance);
            next = page.next;
            if next.is_none() {
                cursor.free().await;
                return Ok(());
            }
            tokio::time::sleep(PACE).await;
        }
    }
}
