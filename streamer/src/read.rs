//! Reading: from X's connection to the buffer before the queue.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use posts::{Keyword, Post, StreamState, StreamStatusTable, UtcTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::progress::Progress;
use crate::reconnect::{Class, wait};
use crate::rules::Rules;
use crate::x::{Client, Failure, Line, Lines, Message, network, read_message};

/// X sends something at least every 20 s; a second more for the way.
const SILENCE: Duration = Duration::from_secs(21);

/// How much may wait for the queue: this many posts, and this many KiB of their lines. When either is
/// full, reading waits, and X will cut a reader off that waits for long.
pub(crate) const BUFFER_POSTS: usize = 10_000;
const BUFFER_KIB: usize = 64 * 1024;

/// A post on its way to the queue.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) post: Post,
    pub(crate) keywords: BTreeSet<Keyword>,
    /// Its place in the buffer, freed when it is dropped.
    pub(crate) room: OwnedSemaphorePermit,
}

/// Reads the stream for as long as it may.
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) status: StreamStatusTable,
    pub(crate) desired: watch::Receiver<BTreeSet<Keyword>>,
    pub(crate) posts: mpsc::Sender<Received>,
    pub(crate) progress: Progress,
}

impl Reader {
    /// Reads and reconnects until X refuses for good; returns that reason. Dropped to be stopped.
    pub(crate) async fn run(mut self) -> String {
        let rules = Rules::default();
        let room = Arc::new(Semaphore::new(BUFFER_KIB));
        let mut last_class = None;
        let mut attempt = 0;
        loop {
            let mut worked = false;
            let failure = match self.connection(&rules, &room, &mut worked).await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            let (class, reason) = match failure {
                Failure::Final(reason) => return reason,
                Failure::Passing { class, reason } => (class, reason),
            };
            // A connection that lasted ends a row of failures; one that drops at once is one of them.
            let class = if worked && class == Class::Network { Class::Dropped } else { class };
            let same = last_class == Some(std::mem::discriminant(&class));
            attempt = if same && !worked { attempt + 1 } else { 0 };
            last_class = Some(std::mem::discriminant(&class));
            let wait = wait(class, attempt, UtcTime::now());
            tracing::warn!(reason, wait_ms = wait.as_millis(), "reconnecting");
            self.progress.enter(StreamState::Reconnecting, Some(reason));
            tokio::time::sleep(wait).await;
        }
    }

    /// One connection, from the rules to its end.
    async fn connection(
        &mut self,
        rules: &Rules,
        room: &Arc<Semaphore>,
        worked: &mut bool,
    ) -> Result<std::convert::Infallible, Failure> {
        let desired = self.desired.borrow_and_update().clone();
        rules.sync(&self.client, &self.status, &desired).await?;
        let mut bytes = self.client.connect().await?.bytes_stream();
        tracing::info!(keywords = desired.len(), "connected");
        self.progress.enter(StreamState::Running, None);
        let (client, status, mut desired) = (self.client.clone(), self.status.clone(), self.desired.clone());
        // Changes of the keywords become changes of the rules while the connection goes on.
        let follow = async move {
            loop {
                if desired.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                let keywords = desired.borrow_and_update().clone();
                let mut attempt = 0;
                while let Err(failure) = rules.sync(&client, &status, &keywords).await {
                    let Failure::Passing { class, reason } = failure else { return failure };
                    tracing::warn!(reason, "could not change the rules");
                    tokio::time::sleep(wait(class, attempt, UtcTime::now())).await;
                    attempt += 1;
                }
            }
        };
        tokio::pin!(follow);
        let connected_at = Instant::now();
        let mut lines = Lines::default();
        let mut position: u64 = 0;
        let mut alive_until = Instant::now() + SILENCE;
        loop {
            let chunk = tokio::select! {
                chunk = bytes.next() => chunk,
                failure = &mut follow => return Err(failure),
                () = tokio::time::sleep_until(alive_until) => return Err(dropped("the stream fell silent")),
            };
            let chunk =
                chunk.ok_or_else(|| dropped("X closed the stream"))?.map_err(|error| network(&error))?;
            *worked = connected_at.elapsed() >= SILENCE;
            for line in lines.push(&chunk) {
                self.take(line, position, rules, room).await?;
            }
            position += chunk.len() as u64;
            // Waiting for room is not X's silence.
            alive_until = Instant::now() + SILENCE;
        }
    }

    async fn take(
        &self,
        line: Line,
        position: u64,
        rules: &Rules,
        room: &Arc<Semaphore>,
    ) -> Result<(), Failure> {
        let line = match line {
            Line::KeepAlive => return Ok(()),
            Line::TooLong(bytes) => {
                tracing::warn!(bytes, position, "skipped a line that is too long");
                return Ok(());
            }
            Line::Whole(line) => line,
        };
        match read_message(&line) {
            Message::Post(post, matched) => {
                let keywords = rules.keywords(&matched);
                self.progress.read(post.create_date);
                if !keywords.is_empty() {
                    let kib = u32::try_from(line.len() / 1024 + 1).unwrap_or(u32::MAX);
                    // Closed only when the buffer's other end is gone, and with it this streamer.
                    let closed = || Failure::Final("the way to the queue is closed".to_owned());
                    let room = Arc::clone(room).acquire_many_owned(kib).await.map_err(|_| closed())?;
                    let received = Received { post: *post, keywords, room };
                    self.posts.send(received).await.map_err(|_| closed())?;
                }
            }
            Message::Error(title) => return Err(dropped(&format!("X ended the stream: {title}"))),
            Message::Malformed(what) => {
                tracing::warn!(what, bytes = line.len(), position, "skipped a line that is no post");
            }
            Message::Unknown => tracing::info!(bytes = line.len(), "skipped a message of an unknown kind"),
        }
        Ok(())
    }
}

fn dropped(reason: &str) -> Failure {
    Failure::Passing { class: Class::Dropped, reason: reason.to_owned() }
}
