//! The tables of the messages, and the migration from an earlier layout.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// The body is the last column, so that reading the others does not pass through it.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, grouped TEXT, id TEXT NOT NULL,
        deduplication TEXT, sent_at INTEGER NOT NULL, attributes TEXT, trace_header TEXT, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS receives (sequence INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS deduplications (
        queue TEXT NOT NULL, deduplication TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (queue, deduplication)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS deduplications_by_time ON deduplications (at);";

/// Migrates the tables of version 0, in which a message's receives and handle were in the row of its body.
const FROM_VERSION_0: &str = "
    DROP INDEX messages_by_queue;
    DROP INDEX messages_by_handle;
    ALTER TABLE messages RENAME TO old;
    CREATE TABLE messages (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, grouped TEXT, id TEXT NOT NULL,
        deduplication TEXT, sent_at INTEGER NOT NULL, attributes TEXT, body TEXT NOT NULL);
    INSERT INTO messages
        SELECT sequence, queue, grouped, id, deduplication, sent_at, attributes, body FROM old;
    CREATE TABLE receives (sequence INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    INSERT INTO receives SELECT sequence, receives FROM old WHERE receives > 0;
    DROP TABLE old;";

/// Migrates the tables of version 1, which had no trace headers. Here the column follows the body: nothing reads it without the body.
const FROM_VERSION_1: &str = "ALTER TABLE messages ADD COLUMN trace_header TEXT;";

const VERSION: i64 = 2;

/// Creates the tables, or migrates existing ones.
pub(super) fn create_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    // Wait for a process that is about to end and still writes to the file.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < VERSION {
        let has_messages = transaction
            .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'messages'", [], |_| Ok(()))
            .optional()?;
        if has_messages.is_some() {
            if version < 1 {
                transaction.execute_batch(FROM_VERSION_0)?;
            }
            transaction.execute_batch(FROM_VERSION_1)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.execute_batch(TABLES)?;
    transaction.commit()
}
