//! Forgetting what was collected: everything of a keyword, or of all, is deleted, and a receipt says what.
//!
//! A pass goes through the posts, the dead letters, the gaps and, if that is requested, the counts. What is still under way on the queue is kept
//! out by a barrier (`TweetsTable::put_barrier`), and what an earlier batch was storing meanwhile is found by the next pass: the last one
//! begins half a minute after the barrier went up, and finds nothing. All of it is in one item of StreamStatusTable, so a turn may be made by any
//! process, and one that died is made again.

use std::time::Duration;

use posts::statistics::StatisticsTable;
use posts::tweets::Forgotten;
use service::tables::TableError;
use stream::Saved;
use stream::forgetting::{Forgetting, Pass};
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::state::ControlApi;

/// How long after the barrier went up the last pass begins, at the earliest: a batch of the consumer that has not seen it takes up to 20 s.
const SETTLED: Duration = Duration::from_secs(30);

/// How far ahead the barrier is while forgetting is under way. It is renewed with each turn, and set to the end when it ends.
const AHEAD: Duration = Duration::from_secs(60 * 60);

/// How much longer than its time a turn may take, until it is cut off; only then may another process take one.
const MARGIN: Duration = Duration::from_secs(5);

/// Why forgetting did not go on. The next minute tries again.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// A table could not be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The dead letters could not be deleted.
    #[error("failed to forget dead letters: {}", aws_sdk_sqs::error::DisplayErrorContext(.0))]
    DeadLetters(#[from] aws_sdk_sqs::Error),
}

/// Goes on with everything that is being forgotten, one after the other, until `until`. Does nothing if nothing is, or if another process is at
/// it: two at a time would count what both delete twice.
///
/// # Errors
/// The first failure.
pub async fn forget(api: &ControlApi, until: Instant) -> Result<(), ForgetError> {
    let unfinished = api.streams.of_all().unfinished_forgettings().await?;
    let now = UtcTime::now();
    if unfinished.iter().any(|forgetting| forgetting.busy_until.is_some_and(|busy| busy > now)) {
        return Ok(());
    }
    let mut outcome = Ok(());
    for forgetting in unfinished {
        if Instant::now() >= until {
            break;
        }
        match take_turn(api, forgetting, until).await {
            Ok(Saved::Saved) => {}
            Ok(Saved::Outdated) => break,
            // One that cannot go on does not keep the others from it.
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome
}

/// Takes a turn, unless another process has taken it.
async fn take_turn(
    api: &ControlApi,
    mut forgetting: Forgetting,
    until: Instant,
) -> Result<Saved, ForgetError> {
    let left = until.saturating_duration_since(Instant::now());
    forgetting.busy_until = Some(UtcTime::now().after(left + MARGIN));
    if api.streams.of_all().save_forgetting(&mut forgetting).await? == Saved::Outdated {
        return Ok(Saved::Outdated);
    }
    let mut turn = Turn { api, statistics: api.tweets.statistics(), forgetting, until };
    let made = tokio::time::timeout_at(until + MARGIN, turn.make()).await;
    if made.is_err() {
        tracing::warn!("a turn at forgetting was cut off; the next minute goes on");
    }
    made.unwrap_or(Ok(())).map(|()| Saved::Saved)
}

/// Whether there is more to do now.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Wait,
    /// Another process has taken over.
    Outdated,
}

/// A process's turn.
struct Turn<'a> {
    api: &'a ControlApi,
    statistics: &'a StatisticsTable,
    forgetting: Forgetting,
    until: Instant,
}

impl Turn<'_> {
    async fn make(&mut self) -> Result<(), ForgetError> {
        let now = UtcTime::now();
        let what = self.forgetting.what();
        if self.is_requested().await? {
            // The barrier must not keep out what is collected again.
            self.api.tweets.lower_barrier(&what, self.forgetting.begun_at, now).await?;
            self.forgetting.barred_since = None;
            self.forgetting.waiting = Some("it is being collected; stop it first".to_owned());
            self.forgetting.busy_until = None;
            self.save().await?;
            return Ok(());
        }
        self.forgetting.waiting = None;
        self.api.tweets.put_barrier(&what, now.after(AHEAD), now).await?;
        self.forgetting.barred_since.get_or_insert_with(UtcTime::now);
        let outcome = loop {
            if Instant::now() >= self.until {
                break Ok(());
            }
            match self.step(&what).await {
                Ok(Next::GoOn) => {}
                Ok(Next::Wait) => break Ok(()),
                Ok(Next::Outdated) => return Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.forgetting.busy_until = None;
        let saved = self.save().await;
        outcome.and(saved.map(|_| ()).map_err(ForgetError::from))
    }

    async fn step(&mut self, what: &Forgotten) -> Result<Next, ForgetError> {
        let pass = &mut self.forgetting.pass;
        if !pass.doomed.is_empty() {
            self.api.tweets.delete_doomed(&pass.doomed, self.until).await?;
            // It is saved with what is deleted next.
            self.forgetting.deleted.count(&std::mem::take(&mut pass.doomed));
        }
        if !pass.posts_done {
            let page = self.api.tweets.doomed(what, pass.after.as_ref(), self.until).await?;
            pass.found |= !page.items.is_empty();
            pass.posts_done = page.next.is_none();
            (pass.doomed, pass.after) = (page.items, page.next);
            return Ok(self.saved().await?);
        }
        self.delete_others().await?;
        if Instant::now() >= self.until {
            // The turn's end saves what was deleted; the next one goes on here.
            return Ok(Next::Wait);
        }
        // Letters that are hidden cannot be looked at. They are visible again before the next turn.
        let hidden = self.api.dead_letters.hidden().await?;
        self.end_pass(what, hidden > 0).await
    }

    /// Deletes what is not posts.
    async fn delete_others(&mut self) -> Result<(), ForgetError> {
        let Forgetting { keyword, counts, deleted, pass, .. } = &mut self.forgetting;
        let keyword = keyword.as_ref();
        let before = *deleted;
        while Instant::now() < self.until {
            let letters = self.api.dead_letters.forget_some(keyword).await?;
            deleted.dead_letters += letters as u64;
            if letters == 0 {
                break;
            }
        }
        for each in self.api.all_streams() {
            deleted.gaps += each.stream.status.forget_gaps(keyword).await?;
        }
        if *counts {
            while Instant::now() < self.until {
                let forgotten = self.statistics.forget_some(keyword).await?;
                deleted.counts += forgotten as u64;
                if forgotten == 0 {
                    break;
                }
            }
        }
        pass.found |= *deleted != before;
        Ok(())
    }

    async fn end_pass(&mut self, what: &Forgotten, is_unsure: bool) -> Result<Next, ForgetError> {
        let now = UtcTime::now();
        let Forgetting { barred_since, pass, deleted, ended_at, .. } = &mut self.forgetting;
        let is_settled = barred_since.is_some_and(|barred| pass.begun_at >= barred.after(SETTLED));
        if !pass.found && !is_unsure && is_settled {
            self.api.tweets.put_barrier(what, now, now).await?;
            tracing::info!(?deleted, "forgotten");
            *ended_at = Some(now);
            return Ok(Next::Wait);
        }
        let more_may_be_found = pass.found && !is_unsure;
        *pass = Pass::new(now);
        Ok(match self.saved().await? {
            Next::GoOn if !more_may_be_found => Next::Wait,
            next => next,
        })
    }

    /// Whether what is to be forgotten is requested: it was started at the same moment.
    async fn is_requested(&self) -> Result<bool, TableError> {
        self.api.is_requested(self.forgetting.keyword.as_ref()).await
    }

    async fn saved(&mut self) -> Result<Next, TableError> {
        Ok(if self.save().await? == Saved::Saved { Next::GoOn } else { Next::Outdated })
    }

    async fn save(&mut self) -> Result<Saved, TableError> {
        self.api.streams.of_all().save_forgetting(&mut self.forgetting).await
    }
}
