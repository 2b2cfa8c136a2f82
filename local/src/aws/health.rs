//! Whether the stores can be written, so that the API can report a full disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::ErrorCode;
use tokio::time::Instant;

/// How long a failure is reported. While anything is collected, the stores are written more often than this.
const REPORTED: Duration = Duration::from_secs(30);

/// The last failure to write, shared by the stores.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<Mutex<Option<(Instant, String)>>>);

impl Health {
    /// The reason that nothing can be written, if writing failed within the last 30 s.
    pub(crate) fn failure(&self) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < REPORTED).map(|(_, reason)| reason.clone())
    }

    /// Records an error of a store if it is a failure of the disk.
    pub(crate) fn note(&self, error: &rusqlite::Error) {
        let reason = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full",
            Some(ErrorCode::SystemIoFailure) => "the disk failed",
            Some(ErrorCode::ReadOnly) => "it is read-only",
            Some(ErrorCode::CannotOpen) => "a file cannot be opened",
            _ => return,
        };
        self.note_reason(reason);
    }

    /// Records a failure of the disk if a store's error message describes one.
    pub(crate) fn note_message(&self, message: &str) {
        for (part, reason) in [
            ("disk is full", "the disk is full"),
            ("disk I/O error", "the disk failed"),
            ("readonly database", "it is read-only"),
            ("unable to open", "a file cannot be opened"),
        ] {
            if message.contains(part) {
                self.note_reason(reason);
            }
        }
    }

    fn note_reason(&self, reason: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason.to_owned()));
    }
}
