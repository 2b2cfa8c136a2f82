//! A chunk that is sent to a reader.

use bytes::Bytes;

/// How many lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
pub(crate) const LINES_BUFFERED: usize = 5_000;

/// A chunk that is sent to a reader.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// These bytes; the posts with these sequence numbers are delivered with them.
    Bytes(Bytes, Vec<u64>),
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
