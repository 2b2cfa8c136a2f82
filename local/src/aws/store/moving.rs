//! Moving messages from one queue to another, as `StartMessageMoveTask` does.

use rusqlite::Connection;
use uuid::Uuid;

use super::messages::{Orders, relocate};
use super::order::Group;
use crate::aws::resources::Queue;

/// How many messages are moved in one step. Other calls wait for it.
const MOVED: usize = 100;

/// Moves some of `messages` to another queue, in order, skipping those in flight; returns how many were considered and
/// how many were moved.
pub(super) fn move_some(
    connection: &mut Connection,
    orders: &mut Orders,
    (from, to): (&Queue, &Queue),
    messages: &[(i64, Group)],
    now: i64,
) -> rusqlite::Result<(usize, usize)> {
    let Some(mut source) = orders.remove(from.name) else { return Ok((messages.len(), 0)) };
    source.release(now);
    let some = &messages[..messages.len().min(MOVED)];
    let still: Vec<&(i64, Group)> =
        some.iter().filter(|(sequence, group)| source.remove_waiting(*sequence, group)).collect();
    let moved = relocate_all(connection, &still, to);
    match &moved {
        Ok(moved) => {
            if let Some(order) = orders.get_mut(to.name) {
                for ((_, group), sequence) in still.iter().zip(moved) {
                    let group = match group {
                        Group::Alone(_) => Group::Alone(*sequence),
                        named @ Group::Named(_) => named.clone(),
                    };
                    order.add(*sequence, group);
                }
            }
        }
        Err(_) => {
            for (sequence, group) in &still {
                source.put_back(*sequence, group.clone());
            }
        }
    }
    orders.insert(from.name, source);
    moved.map(|moved| (some.len(), moved.len()))
}

fn relocate_all(
    connection: &mut Connection,
    messages: &[&(i64, Group)],
    to: &Queue,
) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    // As in SQS, a redriven message gets a new id.
    let moved = messages
        .iter()
        .map(|(sequence, _)| relocate(&transaction, *sequence, to.name, &Uuid::new_v4().to_string()))
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    transaction.commit()?;
    Ok(moved)
}
