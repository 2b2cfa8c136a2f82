//! What the stand-ins for SQS and CloudWatch keep: one SQLite file. What a call has been answered for
//! is in it, so `kill -9` loses nothing that was acknowledged.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::Notify;
use uuid::Uuid;

use super::resources::Queue;

/// In which time SQS takes a message with the same deduplication id for the same message.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>
const DEDUPLICATION_MS: i64 = 5 * 60 * 1000;

/// The file, and word of new messages.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    sent: Arc<Notify>,
}

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct NewMessage<'a> {
    pub(crate) body: &'a str,
    pub(crate) group: Option<&'a str>,
    pub(crate) deduplication: Option<&'a str>,
    /// What its sender says of it besides, as JSON.
    pub(crate) attributes: Option<&'a str>,
}

/// A message that was received.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) body: String,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
    pub(crate) attributes: Option<String>,
    pub(crate) sequence: i64,
    pub(crate) sent_at: i64,
    pub(crate) receives: u32,
}

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// The metric's namespace, name and dimensions, written the same always.
    pub(crate) metric: String,
    pub(crate) at_ms: i64,
    pub(crate) value: f64,
}

impl Store {
    /// Opens the file, or makes it. Whoever had received messages is gone: they can be received again.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS messages (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
                body TEXT NOT NULL, grouped TEXT, deduplication TEXT, sent_at INTEGER NOT NULL,
                visible_at INTEGER NOT NULL, receives INTEGER NOT NULL, handle TEXT, attributes TEXT);
             CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, grouped, sequence);
             CREATE UNIQUE INDEX IF NOT EXISTS messages_by_handle ON messages (handle);
             CREATE TABLE IF NOT EXISTS deduplications (
                queue TEXT NOT NULL, deduplication TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL,
                at INTEGER NOT NULL, PRIMARY KEY (queue, deduplication)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS metrics (
                metric TEXT NOT NULL, at INTEGER NOT NULL, maximum REAL NOT NULL, sum REAL NOT NULL,
                count INTEGER NOT NULL, PRIMARY KEY (metric, at)) WITHOUT ROWID;
             UPDATE messages SET visible_at = 0;",
        )?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), sent: Arc::default() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked has been rolled back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message; returns its id and sequence number. One that was sent within five minutes
    /// before is not sent again.
    pub(crate) fn send(
        &self,
        queue: &Queue,
        message: &NewMessage<'_>,
        now: i64,
    ) -> rusqlite::Result<(String, i64)> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM deduplications WHERE at <= ?1", [now - DEDUPLICATION_MS])?;
        if let Some(deduplication) = message.deduplication {
            let known = transaction
                .query_row(
                    "SELECT id, sequence FROM deduplications WHERE queue = ?1 AND deduplication = ?2",
                    params![queue.name, deduplication],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            if let Some(known) = known {
                return Ok(known);
            }
        }
        let id = Uuid::new_v4().to_string();
        transaction.execute(
            "INSERT INTO messages (queue, id, body, grouped, deduplication, attributes, sent_at, visible_at, receives)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)",
            params![
                queue.name,
                id,
                message.body,
                message.group,
                message.deduplication,
                message.attributes,
                now
            ],
        )?;
        let sequence = transaction.last_insert_rowid();
        if let Some(deduplication) = message.deduplication {
            transaction.execute(
                "INSERT INTO deduplications VALUES (?1, ?2, ?3, ?4, ?5)",
                params![queue.name, deduplication, id, sequence, now],
            )?;
        }
        transaction.commit()?;
        self.sent.notify_waiters();
        Ok((id, sequence))
    }

    /// Receives up to `most` messages, waiting up to `wait` for the first.
    pub(crate) async fn receive(
        &self,
        queue: &Queue,
        most: usize,
        visibility: Duration,
        wait: Duration,
        now: impl Fn() -> i64,
    ) -> rusqlite::Result<Vec<Received>> {
        /// How often it looks for messages that become visible again.
        const LOOK_EVERY: Duration = Duration::from_millis(250);
        let until = tokio::time::Instant::now() + wait;
        loop {
            let sent = self.sent.notified();
            let received = self.receive_now(queue, most, visibility, now())?;
            if !received.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(received);
            }
            let look = tokio::time::Instant::now() + LOOK_EVERY;
            let _ = tokio::time::timeout_at(look.min(until), sent).await;
        }
    }

    fn receive_now(
        &self,
        queue: &Queue,
        most: usize,
        visibility: Duration,
        now: i64,
    ) -> rusqlite::Result<Vec<Received>> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut received = Vec::new();
        while received.len() < most {
            // Of a FIFO queue, the first message of a group, if none of the group is being handled by
            // an earlier receive.
            let next = transaction
                .query_row(
                    "SELECT sequence, id, body, grouped, deduplication, sent_at, receives, attributes
                     FROM messages AS message
                     WHERE queue = ?1 AND visible_at <= ?2
                       AND NOT EXISTS (SELECT 1 FROM messages AS other
                         WHERE other.queue = ?1 AND other.grouped = message.grouped
                           AND other.visible_at > ?2
                           AND (other.handle IS NULL OR other.handle NOT LIKE ?3 || '%'))
                     ORDER BY sequence LIMIT 1",
                    params![queue.name, now, batch_prefix(&received)],
                    |row| {
                        Ok(Received {
                            sequence: row.get(0)?,
                            id: row.get(1)?,
                            body: row.get(2)?,
                            group: row.get(3)?,
                            deduplication: row.get(4)?,
                            sent_at: row.get(5)?,
                            receives: row.get::<_, u32>(6)? + 1,
                            attributes: row.get(7)?,
                            handle: String::new(),
                        })
                    },
                )
                .optional()?;
            let Some(mut message) = next else { break };
            if let Some((_, dead_letters)) = queue.redrive.filter(|(most, _)| message.receives > *most) {
                relocate(&transaction, message.sequence, dead_letters, &message.id)?;
                continue;
            }
            let prefix = match batch_prefix(&received) {
                "none" => Uuid::new_v4().to_string(),
                prefix => prefix.to_owned(),
            };
            message.handle = format!("{prefix}-{}", message.sequence);
            let visible_at = now + i64::try_from(visibility.as_millis()).unwrap_or(i64::MAX / 2);
            transaction.execute(
                "UPDATE messages SET visible_at = ?2, receives = ?3, handle = ?4 WHERE sequence = ?1",
                params![message.sequence, visible_at, message.receives, message.handle],
            )?;
            received.push(message);
        }
        transaction.commit()?;
        Ok(received)
    }

    /// Deletes a message that was received; a handle that is not the latest does nothing.
    pub(crate) fn delete(&self, queue: &Queue, handle: &str) -> rusqlite::Result<()> {
        self.connection()
            .execute("DELETE FROM messages WHERE queue = ?1 AND handle = ?2", params![queue.name, handle])?;
        self.sent.notify_waiters();
        Ok(())
    }

    /// Hides a message that is being handled until `visible_at`; false if there is none.
    pub(crate) fn hide(&self, queue: &Queue, handle: &str, visible_at: i64) -> rusqlite::Result<bool> {
        let changed = self.connection().execute(
            "UPDATE messages SET visible_at = ?3 WHERE queue = ?1 AND handle = ?2",
            params![queue.name, handle, visible_at],
        )?;
        self.sent.notify_waiters();
        Ok(changed > 0)
    }

    /// Moves all messages that nobody is handling to another queue, in their order; returns how many.
    pub(crate) fn move_all(&self, from: &Queue, to: &Queue, now: i64) -> rusqlite::Result<usize> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let sequences = transaction
            .prepare("SELECT sequence FROM messages WHERE queue = ?1 AND visible_at <= ?2 ORDER BY sequence")?
            .query_map(params![from.name, now], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for sequence in &sequences {
            // As SQS does it: a message that is moved back is a new one.
            relocate(&transaction, *sequence, to.name, &Uuid::new_v4().to_string())?;
        }
        transaction.commit()?;
        self.sent.notify_waiters();
        Ok(sequences.len())
    }

    /// How many messages can be received, and how many are being handled.
    pub(crate) fn depth(&self, queue: &Queue, now: i64) -> rusqlite::Result<(u64, u64)> {
        self.connection().query_row(
            "SELECT COALESCE(SUM(visible_at <= ?2), 0), COALESCE(SUM(visible_at > ?2), 0) FROM messages WHERE queue = ?1",
            params![queue.name, now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Adds values to metrics, all or none.
    pub(crate) fn put_values(&self, values: &[Value]) -> rusqlite::Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for Value { metric, at_ms, value } in values {
            transaction.execute(
                "INSERT INTO metrics VALUES (?1, ?2, ?3, ?3, 1) ON CONFLICT DO UPDATE SET
                 maximum = MAX(maximum, excluded.maximum), sum = sum + excluded.sum, count = count + 1",
                params![metric, at_ms, value],
            )?;
        }
        transaction.commit()
    }

    /// The whole names of the metrics whose whole names begin so.
    pub(crate) fn metrics(&self, beginning: &str) -> rusqlite::Result<Vec<String>> {
        let connection = self.connection();
        let mut query = connection.prepare(
            "SELECT DISTINCT metric FROM metrics WHERE substr(metric, 1, length(?1)) = ?1 ORDER BY metric",
        )?;
        query.query_map([beginning], |row| row.get(0))?.collect()
    }

    /// The values of a metric from `from` on and before `to`: moment, maximum, sum, count.
    pub(crate) fn values(
        &self,
        metric: &str,
        from: i64,
        to: i64,
    ) -> rusqlite::Result<Vec<(i64, f64, f64, i64)>> {
        let connection = self.connection();
        let mut query = connection.prepare(
            "SELECT at, maximum, sum, count FROM metrics WHERE metric = ?1 AND at >= ?2 AND at < ?3",
        )?;
        query
            .query_map(params![metric, from, to], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect()
    }
}

/// What the handles of one receive have in common: their messages do not block one another.
fn batch_prefix(received: &[Received]) -> &str {
    received.first().and_then(|first| first.handle.rsplit_once('-')).map_or("none", |(prefix, _)| prefix)
}

/// Moves a message to the end of another queue, under this id.
fn relocate(transaction: &Transaction<'_>, sequence: i64, to: &str, id: &str) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO messages (queue, id, body, grouped, deduplication, attributes, sent_at, visible_at, receives)
         SELECT ?2, ?3, body, grouped, deduplication, attributes, sent_at, 0, 0
         FROM messages WHERE sequence = ?1",
        params![sequence, to, id],
    )?;
    transaction.execute("DELETE FROM messages WHERE sequence = ?1", [sequence])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::resources::QUEUES;
    use super::*;

    const FIFO: Queue = QUEUES[0];
    const DEAD: Queue = QUEUES[1];
    const STANDARD: Queue = QUEUES[2];

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        (folder, store)
    }

    fn send(store: &Store, group: &str, body: &str, now: i64) {
        let message =
            NewMessage { body, group: Some(group), deduplication: Some(body), attributes: Some("{}") };
        store.send(&FIFO, &message, now).unwrap();
    }

    fn receive(store: &Store, queue: &Queue, most: usize, now: i64) -> Vec<Received> {
        store.receive_now(queue, most, queue.visibility, now).unwrap()
    }

    fn bodies(messages: &[Received]) -> Vec<&str> {
        messages.iter().map(|message| message.body.as_str()).collect()
    }

    #[test]
    fn a_group_keeps_its_order_and_waits_for_what_is_being_handled() {
        let (_folder, store) = store();
        for (group, body) in [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")] {
            send(&store, group, body, 0);
        }
        let first = receive(&store, &FIFO, 2, 0);
        assert_eq!(bodies(&first), ["1", "2"]);
        assert_eq!(bodies(&receive(&store, &FIFO, 10, 0)), ["3"], "group a is being handled");
        store.delete(&FIFO, &first[0].handle).unwrap();
        store.hide(&FIFO, &first[1].handle, 0).unwrap();
        assert_eq!(bodies(&receive(&store, &FIFO, 10, 0)), ["2", "4"]);
    }

    #[test]
    fn a_message_is_sent_once_in_five_minutes() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0);
        send(&store, "a", "1", DEDUPLICATION_MS - 1);
        assert_eq!(store.depth(&FIFO, 0).unwrap(), (1, 0));
        send(&store, "a", "1", DEDUPLICATION_MS);
        assert_eq!(store.depth(&FIFO, 0).unwrap(), (2, 0));
    }

    #[test]
    fn what_is_received_too_often_becomes_a_dead_letter() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0);
        let mut now = 0;
        for receives in 1..=FIFO.redrive.unwrap().0 {
            assert_eq!(receive(&store, &FIFO, 1, now)[0].receives, receives);
            now += 30_000;
        }
        assert!(receive(&store, &FIFO, 1, now).is_empty());
        let dead = receive(&store, &DEAD, 1, now);
        assert_eq!((bodies(&dead), dead[0].attributes.as_deref()), (vec!["1"], Some("{}")));
        assert_eq!(store.move_all(&DEAD, &FIFO, now).unwrap(), 0, "it is being handled");
        assert_eq!(store.move_all(&DEAD, &FIFO, now + 30_000).unwrap(), 1);
        assert_eq!(receive(&store, &FIFO, 1, now + 30_000)[0].receives, 1, "counted anew");
    }

    #[test]
    fn a_handle_that_is_too_old_deletes_nothing() {
        let (_folder, store) = store();
        send(&store, "a", "1", 0);
        let old = receive(&store, &FIFO, 1, 0).remove(0);
        receive(&store, &FIFO, 1, 30_000);
        store.delete(&FIFO, &old.handle).unwrap();
        assert_eq!(store.depth(&FIFO, 30_000).unwrap(), (0, 1));
    }

    #[test]
    fn what_was_sent_is_there_when_the_file_is_opened_again() {
        let (folder, store) = store();
        send(&store, "a", "1", 0);
        store
            .send(&STANDARD, &NewMessage { body: "2", group: None, deduplication: None, attributes: None }, 0)
            .unwrap();
        receive(&store, &FIFO, 1, 0);
        let again = Store::open(&folder.path().join("store")).unwrap();
        assert_eq!(bodies(&receive(&again, &FIFO, 1, 1)), ["1"]);
        assert_eq!(bodies(&receive(&again, &STANDARD, 10, 1)), ["2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_poll_ends_with_a_message_or_with_its_time() {
        let (_folder, store) = store();
        let poll = |wait| store.receive(&FIFO, 1, FIFO.visibility, Duration::from_secs(wait), || 0);
        assert!(poll(20).await.unwrap().is_empty());
        let (received, ()) = tokio::join!(poll(20), async { send(&store, "a", "1", 0) });
        assert_eq!(bodies(&received.unwrap()), ["1"]);
    }
}
