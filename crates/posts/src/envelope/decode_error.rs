//! Why a message is not an envelope.

use super::limits::ENVELOPE_VERSION;
use crate::keyword::InvalidKeyword;

/// Why a message is not an envelope. Retrying does not help. The text quotes nothing of the message; lines and columns
/// count from 1.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A later version of this program wrote it.
    #[error("the envelope has version {found}, this program reads versions up to {ENVELOPE_VERSION}")]
    FutureVersion {
        /// The envelope's version.
        found: u32,
    },
    /// It is not JSON.
    #[error("the message is not valid JSON: syntax error at line {line}, column {column}")]
    NotJson {
        /// The line of the syntax error.
        line: usize,
        /// The column of the syntax error.
        column: usize,
    },
    /// Its JSON ends too early.
    #[error("the message is truncated: its JSON is incomplete at line {line}, column {column}")]
    Truncated {
        /// The line at which it ends.
        line: usize,
        /// The column at which it ends.
        column: usize,
    },
    /// It is JSON, but not that of an envelope.
    #[error("the message is not an envelope: {0}")]
    NotAnEnvelope(&'static str),
    /// Its keyword is invalid.
    #[error("the envelope's keyword is invalid: {0}")]
    Keyword(#[from] InvalidKeyword),
}
