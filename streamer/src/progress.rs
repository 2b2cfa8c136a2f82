//! How the streamer fares, as its tasks know it.

use posts::{StreamReport, StreamState, UtcTime};
use tokio::sync::watch;

use crate::ledger::Ledger;

/// How the streamer fares; its tasks write it, the heartbeat reads it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    sender: watch::Sender<StreamReport>,
    ledger: Ledger,
}

impl Progress {
    pub(crate) fn new(ledger: Ledger, now: UtcTime) -> Self {
        let report = StreamReport {
            state: StreamState::Starting,
            reason: None,
            heartbeat_at: now,
            posts_read: 0,
            posts_per_second: 0.0,
            lag_ms: None,
            posts_today: 0,
            daily_post_budget: ledger.daily_post_budget(),
            last_post_at: None,
        };
        Self { sender: watch::Sender::new(report), ledger }
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

    /// A post made at `made` is on the queue.
    pub(crate) fn sent(&self, made: UtcTime, now: UtcTime) {
        self.sender.send_if_modified(|report| {
            report.lag_ms = Some(now.as_millis() - made.as_millis());
            false
        });
    }

    /// The present state, stamped with `now`; rates are those since the report `before`.
    pub(crate) fn report(&self, before: Option<&StreamReport>, now: UtcTime) -> StreamReport {
        let mut report = self.sender.borrow().clone();
        if let Some(before) = before {
            let seconds = now.since(before.heartbeat_at).as_secs_f64();
            let posts = report.posts_read.saturating_sub(before.posts_read);
            // What a second holds is far below 2^53. States that follow each other at once say nothing
            // of rates.
            report.posts_per_second =
                if seconds >= 1.0 { posts as f64 / seconds } else { before.posts_per_second };
        }
        StreamReport { heartbeat_at: now, posts_today: self.ledger.posts_today(now), ..report }
    }

    /// Tells when a new state is entered.
    pub(crate) fn subscribe(&self) -> watch::Receiver<StreamReport> {
        self.sender.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_since_the_last_report() {
        let at = |second: i64| UtcTime::from_millis(second * 1000).unwrap();
        let progress = Progress::new(Ledger::new(posts::Reading::default(), Some(9)), at(0));
        let first = progress.report(None, at(0));
        for _ in 0..30 {
            progress.read(at(5));
        }
        progress.sent(at(5), at(7));
        let second = progress.report(Some(&first), at(10));
        assert_eq!((second.posts_per_second, second.lag_ms, second.posts_read), (3.0, Some(2000), 30));
        assert_eq!(progress.report(Some(&second), at(20)).posts_per_second, 0.0);
    }
}
