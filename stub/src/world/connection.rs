//! A connection to the stream, open or past.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::chunk::Chunk;
use crate::x::hydrate::Wanted;

/// What X reports of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    /// Grows from one connection to the next.
    pub(crate) number: u64,
    pub(crate) uuid: String,
    pub(crate) client_ip: String,
    pub(crate) connected_at: Timestamp,
}

/// A reader of the stream.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) description: Description,
    /// What its lines show.
    pub(crate) wanted: Wanted,
    pub(crate) lines: mpsc::Sender<Chunk>,
    /// How many bytes wait in them.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// Until when the slot stays taken after the reader has left.
    pub(crate) taken_until: Option<Instant>,
    /// Nothing is sent any more, silently.
    pub(crate) silent: bool,
}

impl Connection {
    /// Whether lines are sent to it.
    pub(crate) fn is_served(&self) -> bool {
        !self.silent && self.taken_until.is_none()
    }
}

/// A connection that has ended.
#[derive(Clone, Debug)]
pub(crate) struct PastConnection {
    pub(crate) description: Description,
    pub(crate) disconnected_at: Timestamp,
    pub(crate) reason: DisconnectReason,
}

/// Why a connection has ended. X's description has a text here and names none: these words are the stub's own, after
/// the reasons of <https://docs.x.com/x-api/fundamentals/handling-disconnections>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisconnectReason {
    /// The reader has left.
    ClientDisconnected,
    /// The reader has left long ago, and X has noticed it now.
    ClientTimedOut,
    /// The reader was slower than the stream.
    ClientTooSlow,
    /// The network, in the middle of a line.
    NetworkIssue,
    /// X has announced the end.
    OperationalDisconnect,
    /// X has ended it without a word.
    ServerClosed,
    /// The client has asked X to end it.
    Terminated,
    /// The credits are used up, or a limit or the cap is reached.
    UsageCapped,
}

/// Whether another reader may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Free,
    /// As many readers are connected as may.
    Taken,
    /// A reader has left, and X has not noticed.
    HalfOpen,
}
