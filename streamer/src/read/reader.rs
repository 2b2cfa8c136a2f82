//! The reader of one connection: reads, and reconnects.

use std::time::Duration;

use ::stream::report::{StreamState, WaitingFor};
use utc_time::UtcTime;

use super::connection::read_connection;
use super::context::Context;
use super::end::End;
use super::missed::Missed;
use super::pause::pause_for_budget;
use super::stopped::wait_until_left_out;
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
        if let Some(used_up) = context.ledger.meter.used_up(UtcTime::now()) {
            match pause_for_budget(&mut context, used_up, missed.take()).await {
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
                say_that_it_waits(&context, class, &cause, wait);
                tokio::time::sleep(wait).await;
            }
            End::Failed(
                Failure::Unauthorized(reason)
                | Failure::KeywordRefused(reason)
                | Failure::OutOfReach(reason)
                | Failure::Final(reason),
            ) => return reason,
            End::Failed(Failure::InvalidRequest(reason)) => {
                context.progress.request_refused();
                return reason;
            }
            End::NoRoom => {
                tracing::warn!(cause, "reading waits for the queue");
                context.progress.pause(WaitingFor::Queue, cause);
                tokio::time::sleep(backoff.wait(Class::HungUp, UtcTime::now())).await;
                context.intake.half_free().await;
            }
            End::BudgetUsedUp(_) => {}
            End::StoppedCostMore(still) => {
                // That would deliver, and cost, what was stopped too.
                missed.iter_mut().for_each(|missed| missed.recoverable = false);
                if let Err(failure) = wait_until_left_out(&mut context, still).await {
                    return failure.to_string();
                }
            }
            End::NothingToRead | End::KeywordsPaused => {
                let is_budget = matches!(end, End::KeywordsPaused);
                let waiting_for = if is_budget { WaitingFor::Budget } else { WaitingFor::Keywords };
                context.progress.pause(waiting_for, cause);
                if context.requested.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Reports why nothing is read, and when the next attempt is due.
fn say_that_it_waits<S>(context: &Context<S>, class: Class, cause: &str, wait: Duration) {
    let due = UtcTime::now().after(wait);
    // At once is not worth telling.
    let reason =
        if wait.is_zero() { cause.to_owned() } else { format!("{cause}; the next attempt is due at {due}") };
    let (waiting_for, what) = match class {
        Class::OutOfCredits => (WaitingFor::Credits, "out of credits"),
        Class::MonthlyCap => {
            (WaitingFor::MonthlyCap, "as many posts were read as the source allows in a month")
        }
        _ => return context.progress.enter(StreamState::Reconnecting, Some(reason)),
    };
    context.progress.pause(waiting_for, format!("{what}: {reason}"));
}

/// Waits until another connection may be opened.
async fn wait_for_quota<S>(context: &Context<S>) {
    let wait = context.ledger.source.limits.connect_wait(UtcTime::now());
    if !wait.is_zero() {
        let due = UtcTime::now().after(wait);
        let reason =
            format!("the source allows no more connections for now; the next attempt is due at {due}");
        context.progress.enter(StreamState::Reconnecting, Some(reason));
        tokio::time::sleep(wait).await;
    }
}
