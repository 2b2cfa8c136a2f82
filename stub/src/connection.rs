//! The one connection that X allows.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::chunk::Chunk;

/// The one reader.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) lines: mpsc::Sender<Chunk>,
    /// How many bytes wait in them.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// Until when the slot stays taken after the reader has left.
    pub(crate) taken_until: Option<Instant>,
    /// Nothing is sent any more, silently.
    pub(crate) silent: bool,
}

/// The one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Free,
    /// A reader is connected.
    Taken,
    /// The reader has left, and X has not noticed.
    HalfOpen,
}
