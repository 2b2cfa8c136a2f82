//! Logs in memory.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

/// A subscriber that is never dropped. While there is only one, `tracing` asks the one of the thread that reaches a line of the log first whether
/// anybody wants that line, for good: another test's thread, which has none, would take it from this one.
static ANOTHER: OnceLock<Dispatch> = OnceLock::new();

/// A log in memory. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What this thread logs as the deployed programs do, with this filter, until the guard is dropped.
    pub(crate) fn of_programs(filter: &str) -> (Self, DefaultGuard) {
        ANOTHER.get_or_init(|| Dispatch::new(tracing_subscriber::registry()));
        let log = Self::default();
        let writer = log.clone();
        let logs = tracing_subscriber::fmt().json().with_env_filter(EnvFilter::new(filter));
        let guard = tracing::subscriber::set_default(logs.with_writer(move || writer.clone()).finish());
        (log, guard)
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The fields of the lines with this message, in their order.
    pub(crate) fn of(&self, message: &str) -> Vec<Value> {
        let fields = self.lines().into_iter().map(|mut line| line["fields"].take());
        fields.filter(|fields| fields["message"] == message).collect()
    }
}
