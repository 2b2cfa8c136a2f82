//! Whose posts a rule is matched against.

use std::fmt;

/// Whose posts a rule is matched against: quoted posts count in the stream only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The filtered stream.
    Stream,
    /// Recent search and counts.
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
