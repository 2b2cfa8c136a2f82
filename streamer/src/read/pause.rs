//! The pause once a budget is used up.

use ::stream::report::WaitingFor;
use utc_time::UtcTime;

use super::context::Context;
use super::end::End;
use super::missed::{Missed, missing};
use crate::gaps::{Interruption, Missing, Then};
use crate::meter::UsedUp;
use crate::progress::Untold;
use crate::source::{Failure, Source};

/// Waits until the budget allows posts again; returns what has been missed by then. What is posted meanwhile is not read, to
/// save money: it is a gap, recorded when the pause begins, which is not healed.
pub(crate) async fn pause_for_budget<S: Source>(
    context: &mut Context<S>,
    used_up: UsedUp,
    missed: Option<Missed>,
) -> Result<Missed, Failure> {
    let cause = End::BudgetUsedUp(used_up).to_string();
    let (now, meter) = (UtcTime::now(), context.ledger.meter.clone());
    let until = used_up.until(now);
    let (posts, when) = match used_up {
        UsedUp::Day => (meter.today(now), "today"),
        UsedUp::Month => (meter.this_month(now), "this month"),
    };
    tracing::warn!(posts, %until, "the {used_up}'s budget of posts is used up");
    let reason = format!("budget: {posts} posts were read {when}; reading goes on at {until}");
    context.progress.pause(WaitingFor::Budget, reason);
    let Missed { since, hold, untold, recoverable, .. } =
        missed.unwrap_or_else(|| Missed::new(context, &cause, Some(context.cursor.reached())));
    let mut untold = Some(untold);
    let interruption =
        |missing: Vec<Missing>, to: UtcTime, heal: bool, untold: Option<Untold>, then: Then| Interruption {
            cause: cause.clone(),
            missing,
            to,
            heal,
            recoverable,
            backfill: None,
            untold,
            then,
        };
    // Another budget may be used up by then.
    let allowed = async {
        let _ = tokio::time::timeout(until.since(now), meter.free()).await;
    };
    tokio::pin!(allowed);
    let mut told: Vec<Missing> = Vec::new();
    // Again whenever a keyword is added: it has missed posts too.
    loop {
        let mut missing = missing::<S>(&context.requested.borrow_and_update(), since);
        missing.retain(|new| told.iter().all(|told| told.keyword != new.keyword));
        told.extend(missing.iter().cloned());
        let pause = Then::Pause(context.name.clone());
        context.interrupted(interruption(missing, until, false, untold.take(), pause)).await?;
        tokio::select! {
            () = &mut allowed => break,
            Ok(()) = context.requested.changed() => {}
        }
    }
    // Earlier than until only if the clock was set, or healing requested posts that did not arrive: what was missed
    // can be paid for.
    let end = UtcTime::now().min(until);
    let missing = if end < until { told } else { Vec::new() };
    context.cursor.reach(end);
    let now_missed = Missed::new(context, &cause, Some(end));
    let pass = Then::Pass { connection: context.name.clone(), hold };
    context.interrupted(interruption(missing, end, true, None, pass)).await?;
    Ok(now_missed)
}
