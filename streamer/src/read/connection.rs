//! One connection, from opening it to its end.

use std::convert::Infallible;
use std::time::Duration;

use ::stream::report::StreamState;
use futures::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use super::context::Context;
use super::end::End;
use super::missed::{Missed, missing};
use super::selection::{keep_selected, select};
use crate::gaps::{Backfill, Interruption, Then};
use crate::source::{Arrival, Backoff, Class, Connection, Extent, Failure, Item, Selection, Source};

/// An item that came after a wait of this length was not waiting to be read: reading has no backlog.
const FRESH: Duration = Duration::from_millis(100);

/// Opens a connection and reads it to its end. What was missed before is recorded as soon as it is open.
pub(crate) async fn read_connection<S: Source>(
    context: &mut Context<S>,
    missed: &mut Option<Missed>,
    backoff: &mut Backoff,
) -> End {
    match open_and_read(context, missed, backoff).await {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

async fn open_and_read<S: Source>(
    context: &mut Context<S>,
    missed: &mut Option<Missed>,
    backoff: &mut Backoff,
) -> Result<Infallible, End> {
    let requested = context.requested.borrow_and_update().clone();
    let context = &*context;
    let Selection { delivered, outdated, incomplete, .. } =
        select(context, &requested, Extent::ToConnect).await?;
    if delivered.is_empty() {
        let is_paused = requested.values().all(|state| state.is_paused);
        let nothing = if is_paused { End::KeywordsPaused } else { End::NothingToRead };
        return Err(incomplete.map_or(nothing, End::Failed));
    }
    context.note_connection().await?;
    let since = missed.as_ref().map_or_else(|| Some(context.cursor.reached()), |missed| missed.since);
    let missing_from = since.map(|since| since.before(S::LATENESS));
    let Connection { mut items, backfilled_from } = context.source.connect(missing_from).await?;
    let connected = UtcTime::now();
    tracing::info!(name = context.name, keywords = delivered.len(), "connected");
    context.progress.enter(StreamState::Running, None);
    // Ends with this connection.
    let alive = CancellationToken::new();
    let _alive = alive.clone().drop_guard();
    context.cursor.reach(connected);
    if let Some(Missed { cause, hold, untold, recoverable, .. }) = missed.take() {
        let mut missing = missing::<S>(&requested, since);
        missing.retain(|missing| delivered.contains(&missing.keyword));
        missing.iter_mut().for_each(|missing| missing.is_outdated = outdated.contains(&missing.keyword));
        let backfill = backfilled_from.map(|from| Backfill {
            from,
            connected,
            connection: alive.clone(),
            cursor: context.cursor.clone(),
        });
        let then = Then::Pass { connection: context.name.clone(), hold };
        let interruption = Interruption {
            cause,
            missing,
            to: connected,
            heal: true,
            recoverable,
            backfill,
            untold: Some(untold),
            then,
        };
        context.interrupted(interruption).await?;
    }

    let follow = keep_selected(context, delivered, since);
    tokio::pin!(follow);
    let opened = Instant::now();
    loop {
        let asked = Instant::now();
        let arrived = tokio::select! {
            arrived = tokio::time::timeout(S::SILENCE, items.next()) => arrived,
            end = &mut follow => return Err(end),
        };
        let arrived = arrived
            .map_err(|_| Failure::passing(Class::HungUp, "the stream fell silent"))?
            .ok_or_else(|| Failure::passing(Class::Dropped, "the source closed the stream"))??;
        // A connection that drops immediately counts as one more failure in a row.
        if opened.elapsed() >= S::SILENCE {
            backoff.reset();
        }
        let is_fresh = asked.elapsed() >= FRESH;
        if let Some(reason) = take(context, arrived, is_fresh)? {
            let reason = format!("the source ended the stream: {reason}");
            return Err(Failure::passing(Class::Dropped, reason).into());
        }
        // Everything that came with the last post has been paid for, and is taken.
        if let Some(used_up) = context.ledger.meter.used_up(UtcTime::now()) {
            return Err(End::BudgetUsedUp(used_up));
        }
    }
}

/// Takes items that arrived together; returns the source's reason if it announced the end of the stream.
fn take<S>(context: &Context<S>, arrived: Vec<Item>, is_fresh: bool) -> Result<Option<String>, End> {
    let cursor = &context.cursor;
    let (requested, now) = (context.requested.borrow(), UtcTime::now());
    // All of it, before anything is taken: there may not be room for all.
    for item in &arrived {
        if let Item::Arrived(Arrival::Post(post), _) = item {
            context.intake.count(&post.head, now);
        }
    }
    let mut ended = None;
    for item in arrived {
        match item {
            // With a backlog, a keep-alive says nothing about now.
            Item::Alive if is_fresh => cursor.reach(now),
            Item::Alive => {}
            Item::Arrived(arrival, mut keywords) => {
                // What is no longer requested is paid for as long as the source delivers it, and not collected.
                keywords.retain(|keyword| {
                    let state = requested.get(keyword);
                    state.is_some_and(|state| match &arrival {
                        Arrival::Post(post) => state.includes(&post.head),
                        Arrival::Removed(_) => true,
                    })
                });
                let made = arrival.made();
                context.intake.take(arrival, keywords, cursor, now)?;
                if let Some(made) = made {
                    cursor.reach(made.min(now));
                }
            }
            Item::Ended(reason) => ended = Some(reason),
        }
    }
    Ok(ended)
}
