//! What is sent to a reader: lines, and pieces of them.

use std::sync::Arc;

use bytes::Bytes;

use super::resources::Resources;

/// How many lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
pub(crate) const LINES_BUFFERED: usize = 5_000;

/// A post as a reader gets it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) bytes: Bytes,
    pub(crate) delivery: Delivery,
}

/// What is delivered with the last byte of a line.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// The post's sequence number.
    pub(crate) sequence: u64,
    /// What X counts of it; nothing of Mastodon's lines.
    pub(crate) resources: Arc<Resources>,
}

/// A chunk that is sent to a reader.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// These bytes, and what is delivered with them.
    Bytes(Bytes, Option<Delivery>),
    /// The connection ends here, in the middle of a line.
    Cut,
}

impl Chunk {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes, _) => bytes.len(),
            Self::Cut => 0,
        }
    }
}
