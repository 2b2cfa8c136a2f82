//! How the streamer fares, as its tasks know it.

use posts::{StreamReport, StreamState, UtcTime};
use tokio::sync::watch;

/// How the streamer fares; its tasks write it, the heartbeat reads it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    sender: watch::Sender<StreamReport>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let report = StreamReport {
            state: StreamState::Starting,
            reason: None,
            heartbeat_at: UtcTime::now(),
            posts_read: 0,
            last_post_at: None,
        };
        Self { sender: watch::Sender::new(report) }
    }

    /// A new state is worth telling at once.
    pub(crate) fn enter(&self, state: StreamState, reason: Option<String>) {
        self.sender.send_if_modified(|report| {
            let changed = report.state != state || report.reason != reason;
            (report.state, report.reason) = (state, reason);
            changed
        });
    }

    /// A post was read.
    pub(crate) fn read(&self, made: UtcTime) {
        self.sender.send_if_modified(|report| {
            report.posts_read += 1;
            report.last_post_at = report.last_post_at.max(Some(made));
            false
        });
    }

    /// The present state, stamped with `now`.
    pub(crate) fn report(&self, now: UtcTime) -> StreamReport {
        StreamReport { heartbeat_at: now, ..self.sender.borrow().clone() }
    }

    /// Tells when a new state is entered.
    pub(crate) fn subscribe(&self) -> watch::Receiver<StreamReport> {
        self.sender.subscribe()
    }
}
