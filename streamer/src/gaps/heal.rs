//! Healing one gap: its posts are fetched, page by page, and put on the queue.

use std::collections::BTreeSet;
use std::time::Duration;

use stream::gaps::{Gap, GapState, HealedBy, MayLack, Unfetchable};
use tokio::sync::watch;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::book::GapBook;
use super::limits::still_requested;
use super::outcome::{Healed, Unhealed};
use super::pages::Pages;
use super::recorded::{Recorded, open, rejected};
use super::worklist::Work;
use crate::cursor::Cursor;
use crate::intake::{Fetched, Intake};
use crate::meter::Meter;
use crate::progress::Progress;
use crate::source::{Backoff, Class, Failure, FetchedPage, RequestedKeywords, Source};
use crate::tallies::Tallies;
use crate::waiting::NotTaken;

/// The shortest time between two requests, so that the requests that a crash forgets stay below the reserve of
/// [`crate::source::RateLimits`].
const PACE: Duration = Duration::from_millis(200);

/// How often it is saved how far a gap has been fetched.
const SAVE_PROGRESS: Duration = Duration::from_secs(5);

/// How long a source that keeps its posts for ever is asked for a gap although it rejects the requests. Chosen here, as long as X's search reaches
/// back.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often in a row a gap is tried while the network fails, before others have their turn.
const PATIENCE: u32 = 5;

/// How long a history is fetched before others have their turn.
const TURN: Duration = Duration::from_secs(30);

/// How long a gap waits for a budget before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);

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

impl<S: Source> GapHealer<S> {
    /// Heals one gap, or records why it cannot be healed.
    pub(crate) async fn heal(&self, Work { gap, backfilled, failures, mut pages, .. }: Work) -> Healed {
        let mut recorded = Recorded::new(&self.gaps, gap);
        if let Some(backfill) = backfilled {
            tokio::select! {
                // The next connection moves the cursor too.
                biased;
                // It is fetched like any other.
                () = backfill.connection.cancelled() => {
                    let due = recorded.gap.to.after(S::FETCHABLE_AFTER);
                    return Healed::Later(Box::new(Work::new(recorded.gap, due)));
                }
                () = backfill.cursor.passes(backfill.delivered_at()) => {
                    let healed_by = Some(HealedBy::Backfill);
                    return recorded.finish(|gap| Gap { state: GapState::Closed, healed_by, ..gap }).await;
                }
            }
        }
        let mut backoff = Backoff::new(S::BACKOFF);
        let mut waits = 0;
        loop {
            let fetched = self.fetch(&mut recorded, &mut pages, failures == 0).await;
            let Gap { keyword, from, to, posts, .. } = &recorded.gap;
            let (reason, wait) = match fetched {
                Ok(()) => {
                    tracing::info!(%keyword, %from, %to, posts, "healed a gap");
                    return recorded.finish(|gap| self.closed(gap)).await;
                }
                Err(Unhealed::Open(reason) | Unhealed::OutOfReach(reason)) => {
                    tracing::warn!(%keyword, %from, %to, reason, "a gap stays open");
                    return recorded.finish(|gap| open(gap, &reason)).await;
                }
                Err(Unhealed::KeywordBudget(most)) => {
                    let due = UtcTime::now().start_of_next_day();
                    let reason = match S::PAGE.0 {
                        least if most < least => format!(
                            "the keyword's budget of {most} posts a day is too small: the source is asked for at least {least} at once"
                        ),
                        _ => format!(
                            "the keyword's budget of {most} posts a day is used up; it goes on at {due}"
                        ),
                    };
                    // Not for longer: it may be raised.
                    let look = due.min(UtcTime::now().after(LOOK_AGAIN));
                    return Healed::Later(Box::new(recorded.put_off(reason, look).await));
                }
                Err(Unhealed::Enough) => return recorded.finish(|gap| self.enough(gap)).await,
                Err(Unhealed::OthersFirst(until)) => {
                    recorded.save().await;
                    let work = Work::going_on(recorded.gap, pages, until);
                    return Healed::Later(Box::new(work));
                }
                Err(Unhealed::Abandoned) => return recorded.finish(|gap| gap.abandoned()).await,
                Err(Unhealed::Ending) => return std::future::pending().await,
                Err(Unhealed::Refused(reason)) => {
                    self.progress.request_refused();
                    // A source that keeps its posts for ever is not asked for ever.
                    if self.source.fetchable_for().is_none()
                        && UtcTime::now().since(recorded.gap.to) > LONGEST
                    {
                        return recorded.finish(|gap| open(gap, &reason)).await;
                    }
                    tracing::error!(%keyword, reason, "the source rejected the request that would heal a gap");
                    return Healed::Refused(Box::new(rejected(recorded, &reason).await));
                }
                Err(Unhealed::KeywordRefused(reason)) => {
                    tracing::warn!(%keyword, reason, "the source does not search for a keyword");
                    return Healed::Later(Box::new(rejected(recorded, &reason).await));
                }
                Err(Unhealed::Wait(class @ Class::Network, reason)) if waits >= PATIENCE => {
                    let due = UtcTime::now().after(backoff.wait(class, UtcTime::now()));
                    return Healed::Later(Box::new(recorded.put_off(reason, due).await));
                }
                Err(Unhealed::Later(class, reason)) => {
                    let due = UtcTime::now().after(S::BACKOFF.wait(class, failures, UtcTime::now()));
                    tracing::warn!(%keyword, reason, %due, "healing goes on later");
                    let mut work = recorded.put_off(reason, due).await;
                    work.failures = failures.saturating_add(1);
                    return Healed::Later(Box::new(work));
                }
                Err(Unhealed::Wait(class, reason)) => {
                    waits += 1;
                    let wait = backoff.wait(class, UtcTime::now());
                    tracing::warn!(%keyword, reason, wait_ms = wait.as_millis(), "healing goes on later");
                    (reason, Some(wait))
                }
                Err(Unhealed::Budget) if recorded.gap.history.is_some() => {
                    let now = UtcTime::now();
                    let reason = self.budget_is_too_small().unwrap_or_else(|| {
                        let (_, budget) = self.left_beside_stream(now);
                        format!("the rest of the {budget}'s budget of posts is left to the stream")
                    });
                    return Healed::Later(Box::new(recorded.put_off(reason, now.after(LOOK_AGAIN)).await));
                }
                Err(Unhealed::Budget) => {
                    let reason = self.budget_is_too_small().unwrap_or_else(|| {
                        let scarcest = self.meter.scarcest(UtcTime::now());
                        format!("the {scarcest}'s budget of posts is used up")
                    });
                    (reason, None)
                }
            };
            recorded.gap.reason = Some(reason);
            recorded.save().await;
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    // Not for longer: what is too old is given up meanwhile.
                    let free = self.meter.free_for_healing(S::PAGE.0);
                    let _ = tokio::time::timeout(LOOK_AGAIN, free).await;
                }
            }
        }
    }

    /// Fetches what is left of a gap, and waits until the queue has it. Another attempt goes on where this one stopped, with the
    /// same `pages`: nothing is paid for twice.
    async fn fetch(
        &self,
        recorded: &mut Recorded<'_>,
        pages: &mut Option<Pages>,
        is_first_attempt: bool,
    ) -> Result<(), Unhealed> {
        let cursor = Cursor::new(recorded.gap.from);
        let (began, mut saved) = (Instant::now(), Instant::now());
        loop {
            self.wait_for_limit(recorded).await?;
            // Posts that cannot be queued are not fetched, and not paid for.
            self.intake.half_free().await;
            let now = UtcTime::now();
            let Some(state) = self.requested.borrow().get(&recorded.gap.keyword).copied() else {
                return Err(Unhealed::Abandoned);
            };
            // It was stopped and started again, without this history or with another.
            if recorded.gap.history.is_some_and(|history| state.history != Some(history)) {
                return Err(Unhealed::Abandoned);
            }
            if self.give_up_what_is_too_old(recorded, now).await? {
                *pages = None;
            }
            let gap = &mut recorded.gap;
            let (least, most) = (S::PAGE.0, self.most_of_a_page(gap, &state, now)?);
            let mut allowance = self.meter.allow(least, most, now).ok_or(Unhealed::Budget)?;
            let left = gap.still_to_fetch();
            let order = gap.history.map(|history| history.order).unwrap_or_default();
            let turning = pages.get_or_insert_with(|| Pages::new(left, order));
            let fetch = self.source.fetch(&gap.keyword, turning.of(), turning.next(), allowance.posts());
            let FetchedPage { posts, rest } = match fetch.await {
                Ok(page) => page,
                // The token of a page may have expired.
                Err(Failure::InvalidRequest(reason)) if turning.next().is_some() => {
                    tracing::info!(reason, "a page is asked for anew, from where the last one ended");
                    *pages = None;
                    continue;
                }
                // What it does not reach is given up; the rest can be fetched.
                Err(Failure::OutOfReach(_)) if self.is_too_old(left, UtcTime::now()) => {
                    *pages = None;
                    continue;
                }
                Err(failure) => {
                    // The source charges for the same posts once.
                    if is_first_attempt
                        && matches!(failure, Failure::Passing { class: Class::Unreadable, .. })
                    {
                        allowance.spend_unread(now);
                    }
                    return Err(failure.into());
                }
            };
            let on_page = posts.len() as u64;
            // All of it, before anything is taken: taking may wait for room, and end with this streamer.
            posts.iter().for_each(|post| allowance.spend(&post.head, UtcTime::now()));
            drop(allowance);
            for post in posts.into_iter().filter(|post| state.includes(&post.head)) {
                match self.intake.take_fetched(post, &gap.keyword, &cursor).await {
                    Ok(Fetched::New) => gap.posts += 1,
                    Ok(Fetched::Repeated) => {}
                    Err(NotTaken::NoRoom | NotTaken::Ended) => return Err(Unhealed::Ending),
                }
            }
            // What is on record as fetched must be on the queue.
            cursor.free().await;
            // Half a page, so that most slices have one; and less towards the end of what was requested.
            let wanted = (S::PAGE.1 / 2).min(still_requested(gap).unwrap_or(u64::MAX) / 2);
            let Some(left) = turning.turn(left, on_page, rest, wanted) else { return Ok(()) };
            gap.left = Some(left);
            gap.reason = None;
            if gap.history.is_some() && began.elapsed() >= TURN {
                return Err(Unhealed::OthersFirst(UtcTime::now()));
            }
            if saved.elapsed() >= SAVE_PROGRESS {
                recorded.save().await;
                saved = Instant::now();
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// A gap of which everything that the source offers has been queued.
    fn closed(&self, gap: Gap) -> Gap {
        Gap { reason: None, left: None, ..self.fetched(gap) }
    }

    /// A history of which as many posts have been queued as were requested.
    fn enough(&self, gap: Gap) -> Gap {
        let reason = format!("{} posts were fetched, as many as requested", gap.posts);
        Gap { reason: Some(reason), ..self.fetched(gap) }
    }

    /// A gap that was fetched, with what it may lack.
    fn fetched(&self, gap: Gap) -> Gap {
        let mut kinds: BTreeSet<Unfetchable> = S::UNFETCHABLE.iter().copied().collect();
        if !gap.reposts {
            kinds.remove(&Unfetchable::Reposts);
        }
        let reposts_about = kinds
            .contains(&Unfetchable::Reposts)
            .then(|| self.tallies.reposts_beside(gap.posts, &gap.keyword, gap.to))
            .flatten();
        let may_lack = (!kinds.is_empty()).then_some(MayLack { kinds, reposts_about });
        Gap { state: GapState::Closed, healed_by: Some(S::HEALED_BY), may_lack, ..gap }
    }
}
