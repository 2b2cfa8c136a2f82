//! What the stand-ins for SQS and CloudWatch keep: one SQLite file. What a call has been answered for
//! is in it, so `kill -9` loses nothing that was acknowledged.

mod messages;
mod metrics;
#[cfg(test)]
mod model;
mod order;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

pub(crate) use self::messages::{NewMessage, Received};
use self::messages::{Orders, make_tables};
pub(crate) use self::metrics::{Value, Values};
use super::Refusal;
use super::health::Health;
use super::resources::{QUEUES, Queue};

/// The file, and word of new messages. Who waits for the file is served in turn.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    file: Arc<Mutex<File>>,
    /// For each of [`QUEUES`]: something about it has changed.
    changed: Arc<[Notify; QUEUES.len()]>,
    health: Health,
}

/// The file, and what is known of it without looking.
#[derive(Debug)]
struct File {
    connection: Connection,
    orders: Orders,
}

impl Store {
    /// Opens the file, or makes it. Whoever had received messages is gone: they can be received again.
    pub(crate) fn open(path: &Path, health: Health) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        // A new file's pages are large, for bodies are. The log does not stay as long as it once had to be.
        connection.execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 16777216;",
        )?;
        connection.set_prepared_statement_cache_capacity(32);
        make_tables(&mut connection)?;
        metrics::make_tables(&connection)?;
        let orders = messages::orders(&connection, &QUEUES)?;
        let file = Arc::new(Mutex::new(File { connection, orders }));
        Ok(Self { file, changed: Arc::default(), health })
    }

    /// Sends messages, all or none; returns their ids and sequence numbers. One that was sent within five
    /// minutes before is not sent again.
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
        self.tell(queue.name);
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
                    self.tell(dead_letters);
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

    /// Deletes messages that were received; a handle that is not its message's latest does nothing.
    pub(crate) async fn delete(&self, queue: &'static Queue, handles: Vec<String>) -> Result<(), Refusal> {
        self.work(move |File { connection, orders }| {
            messages::delete(connection, orders.entry(queue.name).or_default(), &handles)
        })
        .await?;
        self.tell(queue.name);
        Ok(())
    }

    /// Hides a message that is being handled until `visible_at`; false if there is none.
    pub(crate) async fn hide(&self, queue: &'static Queue, handle: &str, visible_at: i64) -> bool {
        let mut file = self.file.lock().await;
        let order = file.orders.entry(queue.name).or_default();
        let found = order.find(handle);
        if let Some(sequence) = found {
            order.hide_until(sequence, visible_at);
        }
        self.tell(queue.name);
        found.is_some()
    }

    /// Moves all messages that nobody is handling to another queue, in their order; returns how many. Other calls
    /// are answered in between.
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
                    let (done, moved) = messages::move_some(connection, orders, (from, to), &waiting, now)?;
                    Ok((waiting, done, moved))
                })
                .await?;
            waiting = rest;
            waiting.drain(..done);
            moved += moved_now;
            self.tell(to.name);
        }
        Ok(moved)
    }

    /// How many messages can be received, and how many are being handled.
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

    /// The whole names of the metrics whose whole names begin so.
    pub(crate) async fn metrics(&self, beginning: String) -> Result<Vec<String>, Refusal> {
        self.work(move |file| metrics::names(&file.connection, &beginning)).await
    }

    /// The values of a metric from `from` on and before `to`.
    pub(crate) async fn values(&self, metric: String, from: i64, to: i64) -> Result<Vec<Values>, Refusal> {
        self.work(move |file| metrics::values(&file.connection, &metric, from, to)).await
    }

    /// Forgets what CloudWatch would no longer have. Other calls are answered in between.
    pub(crate) async fn forget_old_values(&self, now: i64) -> Result<(), Refusal> {
        while self.work(move |file| metrics::forget_some(&file.connection, now)).await? {}
        Ok(())
    }

    /// Works on the file, in turn, where it holds up nothing else.
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

    /// Ends when something about the queue changes after this call.
    fn changed(&self, queue: &Queue) -> tokio::sync::futures::Notified<'_> {
        self.changed[place(queue.name)].notified()
    }

    fn tell(&self, queue: &str) {
        self.changed[place(queue)].notify_waiters();
    }
}

fn place(queue: &str) -> usize {
    QUEUES.iter().position(|other| other.name == queue).unwrap_or_default()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::messages::DEDUPLICATION_MS;
    use super::*;

    const FIFO: &Queue = &QUEUES[0];
    const DEAD: &Queue = &QUEUES[1];
    const STANDARD: &Queue = &QUEUES[2];

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store"), Health::default()).unwrap();
        (folder, store)
    }

    async fn send(store: &Store, group: &str, body: &str, now: i64) {
        let message = NewMessage {
            body: body.to_owned(),
            group: Some(group.to_owned()),
            deduplication: Some(body.to_owned()),
            attributes: Some("{}".to_owned()),
        };
        store.send(FIFO, vec![message], now).await.unwrap();
    }

    async fn receive(store: &Store, queue: &'static Queue, most: usize, now: i64) -> Vec<Received> {
        store.receive(queue, most, queue.visibility, Duration::ZERO, || now).await.unwrap()
    }

    async fn delete(store: &Store, handle: &str) {
        store.delete(FIFO, vec![handle.to_owned()]).await.unwrap();
    }

    fn bodies(messages: &[Received]) -> Vec<&str> {
        messages.iter().map(|message| message.body.as_str()).collect()
    }

    #[tokio::test]
    async fn a_group_keeps_its_order_and_waits_for_what_is_being_handled() {
        let (_folder, store) = store();
        for (group, body) in [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")] {
            send(&store, group, body, 0).await;
        }
        let first = receive(&store, FIFO, 2, 0).await;
        assert_eq!(bodies(&first), ["1", "2"]);
        assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["3"], "group a is being handled");
        delete(&store, &first[0].handle).await;
        assert!(store.hide(FIFO, &first[1].handle, 0).await);
        assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["2", "4"]);
    }

    #[tokio::test]
    async fn a_message_is_sent_once_in_five_minutes() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0).await;
        send(&store, "a", "1", DEDUPLICATION_MS - 1).await;
        assert_eq!(store.depth(FIFO, 0).await, (1, 0));
        send(&store, "a", "1", DEDUPLICATION_MS).await;
        assert_eq!(store.depth(FIFO, 0).await, (2, 0));
        let file = store.file.lock().await;
        let remembered = "SELECT count(*) FROM deduplications";
        let remembered: u32 = file.connection.query_row(remembered, [], |row| row.get(0)).unwrap();
        assert_eq!(remembered, 1, "the first is forgotten");
    }

    #[tokio::test]
    async fn what_is_received_too_often_becomes_a_dead_letter() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0).await;
        let (most, _) = FIFO.redrive.unwrap();
        let mut now = 0;
        for receives in 1..=most {
            assert_eq!(receive(&store, FIFO, 1, now).await[0].receives, receives);
            now += 30_000;
        }
        assert!(receive(&store, FIFO, 1, now).await.is_empty());
        let dead = receive(&store, DEAD, 1, now).await;
        assert_eq!((bodies(&dead), dead[0].attributes.as_deref()), (vec!["1"], Some("{}")));
        assert_eq!(store.move_all(DEAD, FIFO, now).await.unwrap(), 0, "it is being handled");
        assert_eq!(store.move_all(DEAD, FIFO, now + 30_000).await.unwrap(), 1);
        assert_eq!(receive(&store, FIFO, 1, now + 30_000).await[0].receives, 1, "counted anew");
    }

    #[tokio::test]
    async fn a_handle_that_is_too_old_deletes_nothing() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0).await;
        let old = receive(&store, FIFO, 1, 0).await.remove(0);
        receive(&store, FIFO, 1, 30_000).await;
        delete(&store, &old.handle).await;
        assert_eq!(store.depth(FIFO, 30_000).await, (0, 1));
    }

    #[tokio::test]
    async fn what_was_sent_is_there_when_the_file_is_opened_again() {
        let (folder, store) = store();
        send(&store, "a", "1", 0).await;
        let standard =
            NewMessage { body: "2".to_owned(), group: None, deduplication: None, attributes: None };
        store.send(STANDARD, vec![standard], 0).await.unwrap();
        receive(&store, FIFO, 1, 0).await;
        let again = Store::open(&folder.path().join("store"), Health::default()).unwrap();
        let received = receive(&again, FIFO, 1, 1).await;
        assert_eq!((bodies(&received), received[0].receives), (vec!["1"], 2));
        assert_eq!(bodies(&receive(&again, STANDARD, 10, 1).await), ["2"]);
    }

    #[tokio::test]
    async fn the_messages_of_the_first_layout_are_there_after_an_update() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "CREATE TABLE messages (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
                    body TEXT NOT NULL, grouped TEXT, deduplication TEXT, sent_at INTEGER NOT NULL,
                    visible_at INTEGER NOT NULL, receives INTEGER NOT NULL, handle TEXT, attributes TEXT);
                 CREATE INDEX messages_by_queue ON messages (queue, grouped, sequence);
                 CREATE UNIQUE INDEX messages_by_handle ON messages (handle);
                 INSERT INTO messages VALUES
                    (7, 'TweetsFifoQueue.fifo', 'i', 'b', 'g', 'd', 3, 0, 2, 'h', NULL);",
            )
            .unwrap();
        let store = Store::open(&path, Health::default()).unwrap();
        let received = receive(&store, FIFO, 1, 0).await.remove(0);
        assert_eq!((received.sequence, received.receives, received.group.as_deref()), (7, 3, Some("g")));
        assert_eq!((received.id.as_str(), received.body.as_str(), received.sent_at), ("i", "b", 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_poll_ends_with_a_message_or_with_its_time() {
        let (_folder, store) = store();
        let poll = |wait| store.receive(FIFO, 1, FIFO.visibility, Duration::from_secs(wait), || 0);
        assert!(poll(20).await.unwrap().is_empty());
        let (received, ()) = tokio::join!(poll(20), send(&store, "a", "1", 0));
        assert_eq!(bodies(&received.unwrap()), ["1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_poll_ends_when_a_hidden_message_becomes_visible() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0).await;
        let start = tokio::time::Instant::now();
        let now = move || millis(start.elapsed());
        receive(&store, FIFO, 1, 0).await;
        let received = store.receive(FIFO, 1, FIFO.visibility, Duration::from_secs(60), now).await.unwrap();
        assert_eq!((bodies(&received), start.elapsed().as_secs()), (vec!["1"], 30));
    }

    #[tokio::test]
    async fn a_full_disk_refuses_what_is_sent_and_keeps_what_there_is() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0).await;
        {
            let file = store.file.lock().await;
            let pages: i64 =
                file.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            file.connection.pragma_update(None, "max_page_count", pages).unwrap();
        }
        let message = NewMessage {
            body: "x".repeat(100_000),
            group: Some("a".to_owned()),
            deduplication: Some("2".to_owned()),
            attributes: None,
        };
        let refusal = store.send(FIFO, vec![message], 0).await.unwrap_err();
        assert_eq!(refusal.status, axum::http::StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(store.health.failure().as_deref(), Some("the disk is full"));
        assert_eq!(store.depth(FIFO, 0).await, (1, 0));
        assert_eq!(bodies(&receive(&store, FIFO, 10, 0).await), ["1"]);
    }
}
