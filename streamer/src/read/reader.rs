//! The reader of one connection: reads, and reconnects.

use ::stream::report::StreamState;
use utc_time::UtcTime;

use super::connection::read_connection;
use super::context::Context;
use super::end::End;
use super::missed::Missed;
use super::pause::pause_for_budget;
use crate::source::{Backoff, Class, Failure, Source};

/// Reads a connection that was left at `left_at`, if it was ever read, and reconnects until the source refuses for good; returns
/// the reason. Drop it to stop it.
pub(crate) async fn read_and_reconnect<S: Source>(
    mut context: Context<S>,
    left_at: Option<UtcTime>,
) -> String {
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
        let end = read_connection(&mut context, &mut missed, &mut backoff).await;
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
/// Waits until another connection may be opened.
async fn wait_for_quota<S>(context: &Context<S>) {
    let wait = context.ledger.limits.connect_wait(UtcTime::now());
    if !wait.is_zero() {
        let reason = "waiting: the source allows no more connections for now".to_owned();
        context.progress.enter(StreamState::Reconnecting, Some(reason));
        tokio::time::sleep(wait).await;
    }
}
