//! Everything that runs while a streamer holds the lease.

use std::sync::Arc;

use ::stream::close_queue::CloseQueue;
use aws_sdk_sqs::Client;
use posts::queue::TweetsQueue;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::ended::{Ended, FLUSH_TIME, RunError};
use crate::gaps::GapBook;
use crate::heartbeat::heartbeat;
use crate::held::{Held, LAST_WRITE};
use crate::intake::Intake;
use crate::keyword_budgets::KeywordBudgets;
use crate::pack::Packer;
use crate::read::Connections;
use crate::requested::{follow_requested, requested_keywords};
use crate::saving::save_reading;
use crate::send::{Sender, SendingEnded};
use crate::source::{Extent, RequestedKeywords, Source};
use crate::usage::compare_usage;

/// Reads `source` until something ends it, and sends what was read.
///
/// # Errors
/// [`RunError`]. If the lease is lost, nothing more is sent.
pub(crate) async fn run<S: Source>(
    held: &Held,
    source: S,
    config: &Config,
    sqs: Client,
    shutdown: CancellationToken,
) -> Result<Ended, RunError> {
    let Held { status, lease, guard, ledger, progress, own_metrics } = held.clone();
    let (intake, waiting) = Intake::new(ledger.meter.clone(), ledger.tallies.clone(), progress.clone());
    let (requested, requested_now) = watch::channel(requested_keywords(&status).await?);
    let close_queue = CloseQueue::new(sqs.clone(), config.close_queue_url.clone());
    let gaps = GapBook::new(status.clone());
    let changed = Arc::new(Notify::new());
    let keyword_budgets = KeywordBudgets {
        status: status.clone(),
        gaps: gaps.clone(),
        tallies: ledger.tallies.clone(),
        requested: requested_now.clone(),
        changed: changed.clone(),
        lateness: S::LATENESS,
    };
    let saved_sooner = requested_now.clone();
    let connections = Connections {
        source: source.clone(),
        status: status.clone(),
        lease: lease.clone(),
        ledger: ledger.clone(),
        intake: intake.clone(),
        progress: progress.clone(),
        gaps,
    };
    let sender = Sender {
        queue: TweetsQueue::new(sqs, config.tweets_queue_url.clone()),
        lease: guard.clone(),
        progress: progress.clone(),
        packer: Packer::default(),
    };

    // Everything that runs. The first task to end ends the others, except for sending, which ends once nothing is left.
    let mut tasks: JoinSet<Result<Ended, RunError>> = JoinSet::new();
    tasks.spawn(async move {
        shutdown.cancelled().await;
        Ok(Ended::Shutdown)
    });
    tasks.spawn({
        let (status, intake) = (status.clone(), intake.clone());
        async move {
            follow_requested(status, close_queue, changed, requested, intake).await;
            Ok(Ended::NothingRequested)
        }
    });
    tasks.spawn(async move {
        keyword_budgets.run().await;
        Ok(Ended::Shutdown)
    });
    tasks.spawn({
        let (source, meter, progress) = (source.clone(), ledger.meter.clone(), progress.clone());
        async move {
            compare_usage(source, meter, progress).await;
            Ok(Ended::Shutdown)
        }
    });
    tasks.spawn({
        let (status, lease) = (status.clone(), lease.clone());
        async move {
            heartbeat(status, lease, guard, progress, own_metrics).await;
            Err(RunError::LeaseLost)
        }
    });
    tasks.spawn(async move {
        save_reading(status, lease, ledger, saved_sooner).await;
        Err(RunError::LeaseLost)
    });
    tasks.spawn(async move { Err(RunError::Refused(connections.run(requested_now).await)) });
    let mut sending = AbortOnDropHandle::new(tokio::spawn(sender.run(waiting)));

    let ended = tokio::select! {
        Some(ended) = tasks.join_next() => ended?,
        sent = &mut sending => {
            flushed(sent)?;
            return Err(RunError::Queue("sending ended by itself".to_owned()));
        }
    };
    if matches!(ended, Err(RunError::LeaseLost)) {
        return ended;
    }
    tracing::info!(?ended, "reading has stopped");
    // The sender sees the end of what waits only once the connections are closed.
    tasks.shutdown().await;
    drop(intake);
    let sent = tokio::time::timeout(FLUSH_TIME, sending).await.map_err(|_| RunError::NotFlushed)?;
    flushed(sent)?;
    if matches!(ended, Ok(Ended::NothingRequested)) {
        let nothing = RequestedKeywords::new();
        let unselect = source.select(&nothing, Extent::Whole);
        match tokio::time::timeout(LAST_WRITE, unselect).await {
            Ok(Ok(selection)) if selection.incomplete.is_none() => {}
            _ => tracing::warn!("could not delete the rules; the next start does"),
        }
    }
    ended
}

fn flushed(sent: Result<Result<(), SendingEnded>, JoinError>) -> Result<(), RunError> {
    match sent? {
        Ok(()) => Ok(()),
        Err(SendingEnded::LeaseLost) => Err(RunError::LeaseLost),
        Err(SendingEnded::Refused(reason)) => Err(RunError::Queue(reason)),
    }
}
