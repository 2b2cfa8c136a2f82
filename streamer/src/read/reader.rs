//! The reader of one connection: it reads, and connects again.

use ::stream::report::StreamState;
use ::stream::{Lease, StreamStatusTable};
use tokio::sync::{mpsc, watch};
use utc_time::UtcTime;

use super::connection::{Fared, read_connection};
use super::context::Context;
use super::end::End;
use super::missed::Missed;
use super::pause::pause_for_budget;
use crate::cursor::Cursor;
use crate::gaps::Interruption;
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::source::{Backoff, Class, Failure, RequestedKeywords, Source};

/// Reads one connection of a stream.
pub(crate) struct Reader<S> {
    /// The connection's name among those of the stream.
    pub(crate) name: String,
    pub(crate) source: S,
    pub(crate) status: StreamStatusTable,
    pub(crate) lease: Lease,
    pub(crate) ledger: Ledger,
    pub(crate) requested: watch::Receiver<RequestedKeywords>,
    pub(crate) intake: Intake,
    pub(crate) interruptions: mpsc::Sender<Interruption>,
    pub(crate) progress: Progress,
}

impl<S: Source> Reader<S> {
    /// Reads and reconnects until the source refuses for good; returns that reason. Dropped to be stopped.
    pub(crate) async fn run(self) -> String {
        let now = UtcTime::now();
        let left_at = self.ledger.left_at(&self.name, now);
        let first = self.requested.borrow().values().map(|state| state.since).min();
        let cursor = Cursor::new(left_at.or(first).unwrap_or(now));
        self.ledger.follow(&self.name, cursor.clone());
        let Self { name, source, status, lease, ledger, requested, intake, interruptions, progress } = self;
        let mut context = Context {
            name,
            source,
            status,
            lease,
            ledger,
            requested,
            intake,
            interruptions,
            progress,
            cursor,
        };
        let mut backoff = Backoff::new(S::BACKOFF);
        let mut missed = Some(Missed::new(&context, "the streamer was not running", left_at));
        loop {
            if context.ledger.meter.is_used_up(UtcTime::now()) {
                match pause_for_budget(&mut context, missed.take()).await {
                    Ok(now_missed) => missed = Some(now_missed),
                    Err(failure) => return failure.to_string(),
                }
                continue;
            }
            wait_for_quota(&context).await;
            let mut fared = Fared::default();
            let end = read_connection(&mut context, &mut missed, &mut fared).await;
            // A connection that drops at once is one of a row of failures.
            if fared.worked {
                backoff.reset();
            }
            let cause = end.to_string();
            if missed.is_none() {
                missed = Some(Missed::new(&context, &cause, Some(context.cursor.reached())));
            }
            match end {
                End::Failed(Failure::Passing { class, .. }) => {
                    let wait = backoff.wait(class, UtcTime::now());
                    tracing::warn!(cause, wait_ms = wait.as_millis(), "reconnecting");
                    context.progress.enter(StreamState::Reconnecting, Some(cause));
                    tokio::time::sleep(wait).await;
                }
                End::Failed(
                    Failure::Unauthorized(reason) | Failure::InvalidRequest(reason) | Failure::Final(reason),
                ) => return reason,
                End::NoRoom => {
                    tracing::warn!(cause, "reading waits for the queue");
                    context.progress.enter(StreamState::Paused, Some(cause));
                    tokio::time::sleep(backoff.wait(Class::HungUp, UtcTime::now())).await;
                    context.intake.half_free().await;
                }
                End::BudgetUsedUp => {}
                End::NothingToRead => {
                    context.progress.enter(StreamState::Paused, Some(cause));
                    if context.requested.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }
}

/// Waits until another connection may be opened.
async fn wait_for_quota<S>(context: &Context<S>) {
    let wait = context.ledger.limits.connect_wait(UtcTime::now());
    if !wait.is_zero() {
        let reason = "waiting: the source allows no more connections for now".to_owned();
        context.progress.enter(StreamState::Reconnecting, Some(reason));
        tokio::time::sleep(wait).await;
    }
}
