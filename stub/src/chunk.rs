//! What is sent to a reader at once.

use bytes::Bytes;

/// How many lines wait for a slow reader before X cuts it off (inferred: X's own number is not public).
pub(crate) const LINES_BUFFERED: usize = 5_000;

/// What is sent to the reader at once.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// These bytes; the posts with these sequence numbers are delivered with them.
    Bytes(Bytes, Vec<u64>),
    /// The connection ends here, in the middle of what it was saying.
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
