//! Whether what is kept can be written: a full disk is told to whoever asks, and not first to the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::ErrorCode;
use tokio::time::Instant;

/// How long a failure is told after it: the stores are written to more often than that while anything is collected.
const TOLD: Duration = Duration::from_secs(30);

/// The last failure to write; shared by all who write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<Mutex<Option<(Instant, String)>>>);

impl Health {
    /// Why nothing can be written, if writing failed within the last 30 s.
    pub(crate) fn failure(&self) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < TOLD).map(|(_, reason)| reason.clone())
    }

    /// Notes what a store failed with, if it is the disk's.
    pub(crate) fn note(&self, error: &rusqlite::Error) {
        let reason = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full",
            Some(ErrorCode::SystemIoFailure) => "the disk fails",
            Some(ErrorCode::ReadOnly) => "it can only be read",
            Some(ErrorCode::CannotOpen) => "a file cannot be opened",
            _ => return,
        };
        self.note_reason(reason);
    }

    /// Notes a failure of the disk that a store told in its words.
    pub(crate) fn note_words(&self, words: &str) {
        for (part, reason) in [
            ("disk is full", "the disk is full"),
            ("disk I/O error", "the disk fails"),
            ("readonly database", "it can only be read"),
            ("unable to open", "a file cannot be opened"),
        ] {
            if words.contains(part) {
                self.note_reason(reason);
            }
        }
    }

    fn note_reason(&self, reason: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason.to_owned()));
    }
}
