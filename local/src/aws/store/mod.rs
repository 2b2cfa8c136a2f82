//! The store behind SQS and CloudWatch: one SQLite file. A call is answered once its effect is in the file, so
//! `kill -9` loses nothing that was acknowledged.

mod layout;
mod messages;
mod metrics;
#[cfg(test)]
mod model;
mod moving;
mod order;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use self::messages::Orders;
pub(crate) use self::messages::{NewMessage, Received};
pub(crate) use self::metrics::{Value, Values};
use super::health::Health;
use super::refusal::Refusal;
use super::resources::{QUEUES, Queue};

/// The file, and notifications of new messages. Calls use the file in turn.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    file: Arc<Mutex<File>>,
    /// Notified when something about the queue changes; one for each of [`QUEUES`].
    changed: Arc<[Notify; QUEUES.len()]>,
    health: Health,
}

/// The file, and the order of its messages.
#[derive(Debug)]
struct File {
    connection: Connection,
    orders: Orders,
}

impl Store {
    /// Opens or creates the file. Receivers before this start are gone, so their messages can be received again.
    pub(crate) fn open(path: &Path, health: Health) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        // Pages are large because bodies are. The write-ahead log is truncated after it has grown.
        connection.execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 16777216;",
        )?;
        connection.set_prepared_statement_cache_capacity(32);
        layout::create_tables(&mut connection)?;
        metrics::create_tables(&connection)?;
        let orders = messages::orders(&connection, &QUEUES)?;
        let file = Arc::new(Mutex::new(File { connection, orders }));
        Ok(Self { file, changed: Arc::default(), health })
    }

    /// Sends messages, all or none; returns their ids and sequence numbers. A message that was sent within the last
    /// five minutes is not sent again.
    pub(crate) async fn send(
        &self,
        queue: &'static Queue,
        messages: Vec<NewMessage>,
        now: i64,
    ) -> Result<Vec<(String, i64)>, Refusal> {
        let sent = self
            .work(move |File { connection, orders }| {
                let order = orders.entry(queue.name).or_default();
                messages::send(connection, order, queue, &messages, now)
            })
            .await?;
        self.notify(queue.name);
        Ok(sent)
    }

    /// Receives up to `most` messages, waiting up to `wait` for the first.
    pub(crate) async fn receive(
        &self,
        queue: &'static Queue,
        most: usize,
        visibility: Duration,
        wait: Duration,
        now: impl Fn() -> i64,
    ) -> Result<Vec<Received>, Refusal> {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let changed = self.changed(queue);
            let mut file = Arc::clone(&self.file).lock_owned().await;
            let at = now();
            let order = file.orders.entry(queue.name).or_default();
            order.release(at);
            let next_release = order.next_release();
            if order.has_ready() {
                let visible_at = at.saturating_add(millis(visibility));
                let received = self
                    .work_with(file, move |File { connection, orders }| {
                        messages::receive(connection, orders, queue, most, visible_at)
                    })
                    .await?;
                if let Some((_, dead_letters)) = queue.redrive {
                    self.notify(dead_letters);
                }
                if !received.is_empty() {
                    return Ok(received);
                }
            } else {
                drop(file);
            }
            if tokio::time::Instant::now() >= until {
                return Ok(Vec::new());
            }
            let released = next_release.and_then(|next| u64::try_from(next - at).ok());
            let released = tokio::time::Instant::now() + released.map_or(wait, Duration::from_millis);
            let _ = tokio::time::timeout_at(released.min(until), changed).await;
        }
    }

    /// Deletes messages that were received; ignores a handle that is not its message's latest.
    pub(crate) async fn delete(&self, queue: &'static Queue, handles: Vec<String>) -> Result<(), Refusal> {
        self.work(move |File { connection, orders }| {
            messages::delete(connection, orders.entry(queue.name).or_default(), &handles)
        })
        .await?;
        self.notify(queue.name);
        Ok(())
    }

    /// Hides a received message until `visible_at`; returns false if no message has this handle.
    pub(crate) async fn hide(&self, queue: &'static Queue, handle: &str, visible_at: i64) -> bool {
        let mut file = self.file.lock().await;
        let order = file.orders.entry(queue.name).or_default();
        let found = order.find(handle);
        if let Some(sequence) = found {
            order.hide_until(sequence, visible_at);
        }
        self.notify(queue.name);
        found.is_some()
    }

    /// Moves all messages that are not in flight to another queue, in order; returns how many. Other calls are answered
    /// in the meantime.
    pub(crate) async fn move_all(
        &self,
        from: &'static Queue,
        to: &'static Queue,
        now: i64,
    ) -> Result<usize, Refusal> {
        let mut file = self.file.lock().await;
        let order = file.orders.entry(from.name).or_default();
        order.release(now);
        let mut waiting = order.waiting();
        drop(file);
        let mut moved = 0;
        while !waiting.is_empty() {
            let (rest, done, moved_now) = self
                .work(move |File { connection, orders }| {
                    let (done, moved) = moving::move_some(connection, orders, (from, to), &waiting, now)?;
                    Ok((waiting, done, moved))
                })
                .await?;
            waiting = rest;
            waiting.drain(..done);
            moved += moved_now;
            self.notify(to.name);
        }
        Ok(moved)
    }

    /// How many messages are visible, and how many are in flight.
    pub(crate) async fn depth(&self, queue: &'static Queue, now: i64) -> (u64, u64) {
        let mut file = self.file.lock().await;
        let order = file.orders.entry(queue.name).or_default();
        order.release(now);
        order.depth()
    }

    /// Adds values to metrics, all or none.
    pub(crate) async fn put_values(&self, values: Vec<Value>) -> Result<(), Refusal> {
        self.work(move |file| metrics::put(&mut file.connection, &values)).await
    }

    /// The full names of the metrics whose full names begin with `beginning`, sorted.
    pub(crate) async fn metrics(&self, beginning: String) -> Result<Vec<String>, Refusal> {
        self.work(move |file| metrics::names(&file.connection, &beginning)).await
    }

    /// The values of a metric from `from` (inclusive) to `to` (exclusive).
    pub(crate) async fn values(&self, metric: String, from: i64, to: i64) -> Result<Vec<Values>, Refusal> {
        self.work(move |file| metrics::values(&file.connection, &metric, from, to)).await
    }

    /// Deletes the values that CloudWatch would have expired. Other calls are answered in the meantime.
    pub(crate) async fn delete_old_values(&self, now: i64) -> Result<(), Refusal> {
        while self.work(move |file| metrics::delete_some(&file.connection, now)).await? {}
        Ok(())
    }

    /// Runs `work` on the file, in turn, on a thread where it may block.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let file = Arc::clone(&self.file).lock_owned().await;
        self.work_with(file, work).await
    }

    async fn work_with<T: Send + 'static>(
        &self,
        mut file: OwnedMutexGuard<File>,
        work: impl FnOnce(&mut File) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let outcome = tokio::task::spawn_blocking(move || work(&mut file)).await;
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(%error, "queues.sqlite failed");
                self.health.note(&error);
                Err(Refusal::failure(format!("queues.sqlite failed: {error}")))
            }
            Err(error) => {
                tracing::error!(%error, "queues.sqlite failed");
                Err(Refusal::failure("queues.sqlite failed"))
            }
        }
    }

    /// Completes when something about the queue changes after this call.
    fn changed(&self, queue: &Queue) -> tokio::sync::futures::Notified<'_> {
        self.changed[place(queue.name)].notified()
    }

    fn notify(&self, queue: &str) {
        self.changed[place(queue)].notify_waiters();
    }
}

fn place(queue: &str) -> usize {
    QUEUES.iter().position(|other| other.name == queue).unwrap_or_default()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
