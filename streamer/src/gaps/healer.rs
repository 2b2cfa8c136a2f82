//! The healer of a connection: records interruptions and heals their gaps, one after the other.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use ::stream::gaps::Gap;
use futures::StreamExt;
use posts::Keyword;
use tokio::sync::mpsc;
use utc_time::UtcTime;

use super::book::{AT_ONCE, GapBook};
use super::heal::GapHealer;
use super::interruption::{Interruption, Missing, Then};
use super::recovery::{Recovery, divide};
use super::worklist::{Record, WAITING, Worklist};
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::source::{RequestedKeywords, Source};

/// How many interruptions may wait to be recorded; beyond that, reading waits.
pub(crate) const INTERRUPTIONS: usize = 64;

/// Records interruptions and heals their gaps.
pub(crate) struct Healer<S> {
    /// The connection's name.
    name: String,
    gap_healer: GapHealer<S>,
    ledger: Ledger,
}

impl<S: Source> Healer<S> {
    /// The healer of the connection called `name`, which reads `requested` from `source`.
    pub(crate) fn new(
        name: String,
        source: S,
        gaps: GapBook,
        ledger: Ledger,
        intake: Intake,
        requested: tokio::sync::watch::Receiver<RequestedKeywords>,
        progress: Progress,
    ) -> Self {
        let (meter, tallies) = (ledger.meter.clone(), ledger.tallies.clone());
        let gap_healer = GapHealer { source, gaps, meter, intake, requested, tallies, progress };
        Self { name, gap_healer, ledger }
    }

    /// Records and heals incoming interruptions, and what earlier readers left, one after the other; never ends. Drop it
    /// to stop it: the next reader heals the rest.
    pub(crate) async fn run(self, mut interruptions: mpsc::Receiver<Interruption>) {
        let mut worklist = Worklist::new(self.left_behind().await, S::FETCHABLE_AFTER);
        let mut to_come: Vec<Interruption> = Vec::new();
        let mut healing = None;
        let mut requested = self.gap_healer.requested.clone();
        requested.mark_changed();
        let mut taken_up = BTreeSet::new();
        let mut to_recover: VecDeque<Recovery> = VecDeque::new();
        let (mut recovering, mut recovering_from) = (None, None);
        loop {
            if recovering.is_none() {
                let next = to_recover.pop_front();
                recovering_from = next.as_ref().and_then(Recovery::from);
                recovering = next.map(|recovery| Box::pin(self.gap_healer.recover(recovery)));
            }
            let recovered = to_recover.iter().filter_map(Recovery::from).chain(recovering_from);
            self.ledger.is_to_fetch(&self.name, recovered.chain(worklist.earliest()).min());
            if healing.is_none() {
                healing = worklist.next(UtcTime::now()).map(|work| Box::pin(self.gap_healer.heal(work)));
            }
            let next_due = worklist.next_due();
            let next_ends = to_come.iter().map(|interruption| interruption.to).min();
            tokio::select! {
                interruption = interruptions.recv() => match interruption {
                    Some(interruption) if interruption.heal && interruption.to > UtcTime::now() => {
                        to_come.push(interruption);
                    }
                    Some(interruption) => to_recover.extend(self.record(interruption, &mut worklist).await),
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
                        to_recover.extend(self.record(interruption, &mut worklist).await);
                    }
                }
                to_be_searched = ended(&mut recovering) => {
                    recovering = None;
                    worklist.search(to_be_searched);
                }
                healed = ended(&mut healing) => {
                    healing = None;
                    worklist.healed(healed);
                }
                Ok(()) = requested.changed() => {
                    let now_requested = requested.borrow_and_update().clone();
                    self.take_up_histories(&now_requested, &mut taken_up, &mut worklist).await;
                }
                () = tokio::time::sleep(next_due.map_or(Duration::ZERO, |due| due.since(UtcTime::now()))),
                    if healing.is_none() && next_due.is_some() => {}
            }
        }
    }

    /// Records the histories that are not on record yet. Those in `taken_up` are, although `requested` may not know it yet.
    async fn take_up_histories(
        &self,
        requested: &RequestedKeywords,
        taken_up: &mut BTreeSet<(Keyword, UtcTime)>,
        worklist: &mut Worklist,
    ) {
        taken_up.retain(|(keyword, _)| requested.contains_key(keyword));
        for (keyword, state) in requested.iter().filter(|(_, state)| !state.history_is_on_record) {
            let Some(history) = state.history else { continue };
            if taken_up.insert((keyword.clone(), history.until)) {
                let gap = worklist.add_history(keyword, history, state.reposts);
                self.gap_healer.gaps.add(&gap).await;
            }
        }
    }

    /// The gaps of this connection that earlier readers did not finish healing.
    async fn left_behind(&self) -> Vec<Gap> {
        let healing = self.gap_healer.gaps.healing(WAITING).await;
        let requested = self.gap_healer.requested.borrow().clone();
        healing.into_iter().filter(|gap| requested.contains_key(&gap.keyword)).collect()
    }

    /// Records an interruption; only then may the cursor pass it. Returns what of it is to be recovered.
    async fn record(&self, interruption: Interruption, worklist: &mut Worklist) -> Option<Recovery> {
        let GapHealer { gaps, source, .. } = &self.gap_healer;
        let (fetchable_for, now) = (source.fetchable_for(), UtcTime::now());
        let divided = source.recovery_reach().and_then(|reach| divide(&interruption, reach, now));
        let (recovery, records) = match divided {
            None => (None, worklist.add(&interruption, fetchable_for, now)),
            Some((recovery, searched)) => {
                let mut records: Vec<Record> = recovery.gaps.values().cloned().map(Record::New).collect();
                for part in searched {
                    records.extend(worklist.add(&part, fetchable_for, now));
                }
                (Some(recovery), records)
            }
        };
        let Interruption { missing, to, untold, then, .. } = interruption;
        futures::stream::iter(records)
            .for_each_concurrent(AT_ONCE, |record| async move {
                match record {
                    Record::New(gap) => gaps.add(&gap).await,
                    Record::Grown { before, after } => gaps.change(&before, &after).await,
                }
            })
            .await;
        let keywords: BTreeSet<Keyword> = missing.iter().map(|missing| missing.keyword.clone()).collect();
        let collected = missing.into_iter().filter(|missing| !missing.is_outdated);
        futures::stream::iter(collected)
            .for_each_concurrent(AT_ONCE, |Missing { keyword, since, .. }| async move {
                let is_paused =
                    self.gap_healer.requested.borrow().get(&keyword).is_some_and(|state| state.is_paused);
                gaps.is_collected(&keyword, since, is_paused).await;
            })
            .await;
        drop(untold);
        match then {
            Then::Nothing => {}
            Then::Pass { connection, hold } => {
                // The budget was raised, or the clock was set: what is recorded now replaces the pause's gaps.
                if let Some(until) = self.ledger.paused_until(&connection) {
                    if until > to {
                        gaps.forget(&gaps.open_until(until, &keywords).await).await;
                    }
                    self.ledger.resume(&connection);
                }
                hold.release();
            }
            Then::Pause(connection) => self.ledger.pause(&connection, to),
        }
        recovery
    }
}

/// Waits until it ends; for ever if there is none.
async fn ended<F: Future + Unpin>(running: &mut Option<F>) -> F::Output {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}
