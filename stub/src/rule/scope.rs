//! Whose posts a rule is matched against.

use std::fmt;

/// Whose posts a rule is matched against. Each has operators that the other lacks. Quoted posts count in the stream
/// only, and only search finds words without the accents of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The filtered stream.
    Stream,
    /// Search and counts.
    Search,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Search => "search",
        })
    }
}
