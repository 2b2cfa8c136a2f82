//! Sending what waits to the queue.

use std::time::Duration;

use posts::queue::{SendError, TweetsQueue};
use service::logs::{IDS_A_LINE, joined};
use tokio::sync::mpsc;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::lease::LeaseGuard;
use crate::pack::{Packed, Packer};
use crate::progress::Progress;
use crate::waiting::{Origin, Waiting};

/// The shortest and the longest wait before sending again what the queue did not accept.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many full parcels are sent together, at most: one request carries this many.
const REQUEST_PARCELS: usize = 10;

/// Packs and sends what arrives.
pub(crate) struct Sender {
    pub(crate) queue: TweetsQueue,
    pub(crate) lease: LeaseGuard,
    pub(crate) progress: Progress,
    pub(crate) packer: Packer,
}

/// Why sending ended before everything was on the queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendingEnded {
    /// The queue refused a message for good.
    #[error("{0}")]
    Refused(String),
    /// Another reader may hold the lease by now, so nothing more is sent.
    #[error("the lease may be another's")]
    LeaseLost,
}

impl Sender {
    /// Sends until the sender of `posts` is dropped and everything is on the queue.
    ///
    /// # Errors
    /// [`SendingEnded`]; the cursors have not passed what was not accepted by then.
    pub(crate) async fn run(mut self, mut posts: mpsc::Receiver<Waiting>) -> Result<(), SendingEnded> {
        loop {
            let due = self.packer.deadline();
            let received = tokio::select! {
                received = posts.recv() => received,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let packed = self.packer.take();
                    self.send(packed).await?;
                    continue;
                }
            };
            match received {
                Some(received) => {
                    let mut full = self.pack(&received);
                    // What else has arrived goes with it, since a request carries ten parcels.
                    while full.len() < REQUEST_PARCELS
                        && let Ok(received) = posts.try_recv()
                    {
                        full.extend(self.pack(&received));
                    }
                    if !full.is_empty() {
                        self.send(full).await?;
                    }
                }
                None => {
                    let packed = self.packer.take();
                    return self.send(packed).await;
                }
            }
        }
    }

    /// Packs a post or removal under each of its keywords; returns the parcels that are full.
    fn pack(&mut self, waiting: &Waiting) -> Vec<Packed> {
        let Waiting { arrival, at, keywords, origin, ticket } = waiting;
        let made = (*origin == Origin::Stream).then_some(*at);
        let mut full = Vec::new();
        for keyword in keywords {
            full.extend(self.packer.add(keyword, arrival, made, ticket.clone(), Instant::now()));
        }
        full
    }

    /// Sends until the queue has accepted everything.
    async fn send(&mut self, mut packed: Vec<Packed>) -> Result<(), SendingEnded> {
        let mut wait = FIRST_WAIT;
        while !packed.is_empty() {
            if !self.lease.holds() {
                return Err(SendingEnded::LeaseLost);
            }
            let mut left = Vec::new();
            for (packed, outcome) in self.queue.send(std::mem::take(&mut packed)).await {
                match outcome {
                    Ok(()) => {
                        packed.accepted();
                        log_sent(&packed);
                        let (posts, newest) = (packed.posts(), packed.newest());
                        self.progress.sent(packed.keyword(), posts, newest, UtcTime::now());
                    }
                    Err(error @ SendError::Refused { .. }) => {
                        let reason = format!("{error} (trace id {})", packed.trace_id());
                        return Err(SendingEnded::Refused(reason));
                    }
                    Err(error) => {
                        let trace_id = packed.trace_id();
                        tracing::warn!(%trace_id, %error, wait_ms = wait.as_millis(), "sending again");
                        left.push(packed);
                    }
                }
            }
            packed = left;
            if !packed.is_empty() {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        Ok(())
    }
}

/// Says which posts went with which message: so each post's id is in a line with the message's trace id.
fn log_sent(packed: &Packed) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let ids: Vec<&str> = packed.ids().collect();
    for ids in ids.chunks(IDS_A_LINE) {
        let (trace_id, keyword, posts) = (packed.trace_id(), packed.keyword(), packed.posts());
        tracing::info!(%trace_id, %keyword, posts, post_ids = %joined(ids, " "), "sent posts to the queue");
    }
}
