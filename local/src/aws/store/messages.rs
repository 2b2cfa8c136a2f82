//! The messages of the queues, stored in the file.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::order::{Group, Order};
use crate::aws::resources::Queue;

/// For how long SQS treats a message with the same deduplication id as the same message.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>
pub(super) const DEDUPLICATION_MS: i64 = 5 * 60 * 1000;

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) body: String,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
    /// The message attributes, as JSON.
    pub(crate) attributes: Option<String>,
    /// The value of `AWSTraceHeader`, the only system attribute that a sender sets.
    pub(crate) trace_header: Option<String>,
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
    pub(crate) trace_header: Option<String>,
    pub(crate) sequence: i64,
    pub(crate) sent_at: i64,
    pub(crate) receives: u32,
}

/// The order of each queue, by the queue's name.
pub(super) type Orders = HashMap<&'static str, Order>;

/// The order of each queue, from the file. Receivers before this start are gone, so all messages can be received.
pub(super) fn orders(connection: &Connection, queues: &[Queue]) -> rusqlite::Result<Orders> {
    let mut orders: Orders = queues.iter().map(|queue| (queue.name, Order::default())).collect();
    let mut query = connection.prepare("SELECT sequence, queue, grouped FROM messages ORDER BY sequence")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (sequence, queue, group) = (row.get(0)?, row.get_ref(1)?.as_str()?, row.get_ref(2)?);
        if let Some(order) = orders.get_mut(queue) {
            order.add(sequence, Group::of(group.as_str_or_null()?, sequence));
        }
    }
    Ok(orders)
}

/// Sends messages, all or none; returns their ids and sequence numbers. A message that was sent within the last five
/// minutes is not sent again.
pub(super) fn send(
    connection: &mut Connection,
    order: &mut Order,
    queue: &Queue,
    messages: &[NewMessage],
    now: i64,
) -> rusqlite::Result<Vec<(String, i64)>> {
    let transaction = connection.transaction()?;
    transaction
        .prepare_cached("DELETE FROM deduplications WHERE at <= ?1")?
        .execute([now - DEDUPLICATION_MS])?;
    let (mut sent, mut new) = (Vec::with_capacity(messages.len()), Vec::new());
    for message in messages {
        if let Some(known) = known(&transaction, queue, message)? {
            sent.push(known);
            continue;
        }
        let id = Uuid::new_v4().to_string();
        transaction
            .prepare_cached(
                "INSERT INTO messages (queue, grouped, id, deduplication, sent_at, attributes, trace_header, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                queue.name,
                message.group,
                id,
                message.deduplication,
                now,
                message.attributes,
                message.trace_header,
                message.body
            ])?;
        let sequence = transaction.last_insert_rowid();
        if let Some(deduplication) = &message.deduplication {
            transaction
                .prepare_cached("INSERT INTO deduplications VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![queue.name, deduplication, id, sequence, now])?;
        }
        new.push((sequence, Group::of(message.group.as_deref(), sequence)));
        sent.push((id, sequence));
    }
    transaction.commit()?;
    for (sequence, group) in new {
        order.add(sequence, group);
    }
    Ok(sent)
}

/// The id and sequence number of the same message if it was sent before.
fn known(
    transaction: &Transaction<'_>,
    queue: &Queue,
    message: &NewMessage,
) -> rusqlite::Result<Option<(String, i64)>> {
    let Some(deduplication) = &message.deduplication else { return Ok(None) };
    transaction
        .prepare_cached("SELECT id, sequence FROM deduplications WHERE queue = ?1 AND deduplication = ?2")?
        .query_row(params![queue.name, deduplication], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Receives up to `most` messages, and hides them until `visible_at`. Messages of one group may be received together.
/// A message that was received too often moves to the dead-letter queue.
pub(super) fn receive(
    connection: &mut Connection,
    orders: &mut Orders,
    queue: &Queue,
    most: usize,
    visible_at: i64,
) -> rusqlite::Result<Vec<Received>> {
    let Some(order) = orders.get_mut(queue.name) else { return Ok(Vec::new()) };
    let mut taken = Vec::new();
    match take(connection, order, queue, most, &mut taken) {
        Ok(Taken { received, fates, receipt }) => {
            let mut dead = Vec::new();
            for ((sequence, group), fate) in taken.into_iter().zip(fates) {
                match fate {
                    Fate::Received => order.hide(sequence, group, Arc::clone(&receipt), visible_at),
                    Fate::Gone => order.remove(sequence),
                    Fate::DeadLetter(letter, group) => {
                        order.remove(sequence);
                        dead.push((letter, group));
                    }
                }
            }
            if let Some((_, dead_letters)) = queue.redrive
                && let Some(order) = orders.get_mut(dead_letters)
            {
                dead.into_iter().for_each(|(sequence, group)| order.add(sequence, group));
            }
            Ok(received)
        }
        Err(error) => {
            for (sequence, group) in taken {
                order.put_back(sequence, group);
            }
            Err(error)
        }
    }
}

/// The outcome of taking messages.
struct Taken {
    received: Vec<Received>,
    /// The fate of each message that was taken.
    fates: Vec<Fate>,
    receipt: Arc<str>,
}

/// The fate of a message that was taken.
enum Fate {
    Received,
    /// It moved to the dead-letter queue, under a new sequence number.
    DeadLetter(i64, Group),
    /// It is no longer in the file.
    Gone,
}

fn take(
    connection: &mut Connection,
    order: &mut Order,
    queue: &Queue,
    most: usize,
    taken: &mut Vec<(i64, Group)>,
) -> rusqlite::Result<Taken> {
    let transaction = connection.transaction()?;
    let receipt: Arc<str> = Uuid::new_v4().to_string().into();
    let (mut received, mut fates) = (Vec::new(), Vec::new());
    while received.len() < most
        && let Some((sequence, group)) = order.take()
    {
        taken.push((sequence, group));
        let Some(message) = read(&transaction, sequence, &receipt)? else {
            fates.push(Fate::Gone);
            continue;
        };
        if let Some((_, dead_letters)) = queue.redrive.filter(|(most, _)| message.receives > *most) {
            let moved = relocate(&transaction, sequence, dead_letters, &message.id)?;
            fates.push(Fate::DeadLetter(moved, Group::of(message.group.as_deref(), moved)));
            continue;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO receives VALUES (?1, ?2)")?
            .execute(params![sequence, message.receives])?;
        received.push(message);
        fates.push(Fate::Received);
    }
    transaction.commit()?;
    Ok(Taken { received, fates, receipt })
}

/// Reads a message that is being received; `None` if it is no longer in the file.
fn read(transaction: &Transaction<'_>, sequence: i64, receipt: &str) -> rusqlite::Result<Option<Received>> {
    transaction
        .prepare_cached(
            "SELECT id, body, grouped, deduplication, sent_at, attributes, trace_header, COALESCE(count, 0)
             FROM messages LEFT JOIN receives USING (sequence) WHERE sequence = ?1",
        )?
        .query_row([sequence], |row| {
            Ok(Received {
                sequence,
                id: row.get(0)?,
                body: row.get(1)?,
                group: row.get(2)?,
                deduplication: row.get(3)?,
                sent_at: row.get(4)?,
                attributes: row.get(5)?,
                trace_header: row.get(6)?,
                receives: row.get::<_, u32>(7)? + 1,
                handle: format!("{receipt}-{sequence}"),
            })
        })
        .optional()
}

/// Deletes messages that were received; ignores a handle that is not its message's latest.
pub(super) fn delete(
    connection: &mut Connection,
    order: &mut Order,
    handles: &[String],
) -> rusqlite::Result<()> {
    let sequences: Vec<i64> = handles.iter().filter_map(|handle| order.find(handle)).collect();
    let transaction = connection.transaction()?;
    for sequence in &sequences {
        erase(&transaction, *sequence)?;
    }
    transaction.commit()?;
    for sequence in sequences {
        order.remove(sequence);
    }
    Ok(())
}

/// Moves a message to the end of another queue, with the id `id`; returns its new sequence number.
pub(super) fn relocate(
    transaction: &Transaction<'_>,
    sequence: i64,
    to: &str,
    id: &str,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO messages (queue, grouped, id, deduplication, sent_at, attributes, trace_header, body)
             SELECT ?2, grouped, ?3, deduplication, sent_at, attributes, trace_header, body FROM messages
             WHERE sequence = ?1",
        )?
        .execute(params![sequence, to, id])?;
    let moved = transaction.last_insert_rowid();
    erase(transaction, sequence)?;
    Ok(moved)
}

fn erase(transaction: &Transaction<'_>, sequence: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM messages WHERE sequence = ?1")?.execute([sequence])?;
    transaction.prepare_cached("DELETE FROM receives WHERE sequence = ?1")?.execute([sequence])?;
    Ok(())
}
