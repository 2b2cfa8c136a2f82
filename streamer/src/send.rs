//! Sending: from the buffer to the queue, and then the cursors.

use std::time::Duration;

use posts::{Envelope, SendError, StreamStatusTable, TweetsQueue};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cursor::Cursors;
use crate::pack::{Packed, Packer};
use crate::read::Received;

/// How often moved cursors are saved: what is fetched again after a crash is what came in this time.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// The waits before sending again what the queue did not take.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Packs and sends what arrives.
pub(crate) struct Sender {
    queue: TweetsQueue,
    status: StreamStatusTable,
    packer: Packer,
    cursors: Cursors,
    saved_at: Instant,
}

impl Sender {
    pub(crate) fn new(queue: TweetsQueue, status: StreamStatusTable) -> Self {
        Self {
            queue,
            status,
            packer: Packer::default(),
            cursors: Cursors::default(),
            saved_at: Instant::now(),
        }
    }

    /// Sends until the other end of `posts` is gone and everything is on the queue.
    ///
    /// # Errors
    /// The reason why the queue refused a message for good.
    pub(crate) async fn run(mut self, mut posts: mpsc::Receiver<Received>) -> Result<(), String> {
        loop {
            let due = self.packer.deadline();
            let received = tokio::select! {
                received = posts.recv() => received,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.flush(Vec::new()).await?;
                    continue;
                }
            };
            match received {
                Some(received) => {
                    let full = self.pack(received);
                    if !full.is_empty() {
                        self.send(full).await?;
                    }
                }
                None => {
                    self.flush(Vec::new()).await?;
                    self.save_cursors().await;
                    return Ok(());
                }
            }
        }
    }

    /// Packs a post under each of its keywords; returns the envelopes that are full.
    fn pack(&mut self, Received { post, keywords, room }: Received) -> Vec<Envelope> {
        let mut full = Vec::new();
        for keyword in &keywords {
            match self.packer.add(keyword, post.clone(), Instant::now()) {
                Packed::Waiting => {}
                Packed::Full(envelope) => full.push(envelope),
                Packed::TooLarge(bytes) => {
                    tracing::warn!(tweet_id = %post.tweet_id, bytes, "skipped a post that nothing can hold");
                    continue;
                }
            }
            self.cursors.received(keyword, &post.tweet_id);
        }
        drop(room);
        full
    }

    async fn flush(&mut self, mut envelopes: Vec<Envelope>) -> Result<(), String> {
        envelopes.extend(self.packer.take());
        self.send(envelopes).await
    }

    /// Sends until the queue has everything.
    async fn send(&mut self, mut envelopes: Vec<Envelope>) -> Result<(), String> {
        let mut wait = FIRST_WAIT;
        while !envelopes.is_empty() {
            let mut left = Vec::new();
            for (envelope, outcome) in self.queue.send(std::mem::take(&mut envelopes)).await {
                match outcome {
                    Ok(()) => {
                        let ids = envelope.posts.iter().map(|post| &post.tweet_id);
                        self.cursors.accepted(&envelope.keyword, ids);
                    }
                    Err(error @ SendError::Refused { .. }) => return Err(error.to_string()),
                    Err(error) => {
                        tracing::warn!(%error, wait_ms = wait.as_millis(), "sending again");
                        left.push(envelope);
                    }
                }
            }
            envelopes = left;
            if !envelopes.is_empty() {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        if self.saved_at.elapsed() >= SAVE_EVERY {
            self.save_cursors().await;
        }
        Ok(())
    }

    /// A cursor that could not be saved is saved the next time; until then more is fetched again.
    async fn save_cursors(&mut self) {
        self.saved_at = Instant::now();
        for (keyword, at) in self.cursors.unsaved() {
            match self.status.save_cursor(&keyword, &at).await {
                Ok(()) => self.cursors.saved(&keyword, at),
                Err(error) => tracing::warn!(%error, %keyword, "could not save a cursor"),
            }
        }
    }
}
