//! How the streamer fares, as its tasks know it.

use std::collections::BTreeMap;

use posts::{Keyword, StreamReport, StreamState, UtcTime};
use tokio::sync::watch;

use crate::ledger::Ledger;

/// How the streamer fares; its tasks write it, the heartbeat reads it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    sender: watch::Sender<StreamReport>,
    ledger: Ledger,
}

impl Progress {
    pub(crate) fn new(ledger: Ledger, dollars_a_post: f64, now: UtcTime) -> Self {
        let report = StreamReport {
            state: StreamState::Starting,
            reason: None,
            heartbeat_at: now,
            posts_read: 0,
            posts_per_second: 0.0,
            lag_ms: None,
            posts_today: 0,
            dollars_a_post,
            daily_post_budget: ledger.daily_post_budget(),
            last_post_at: None,
            keywords: BTreeMap::new(),
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

    /// So many posts of a keyword are on the queue, the latest of them made at `newest`.
    pub(crate) fn sent(&self, keyword: &Keyword, posts: u64, newest: UtcTime, now: UtcTime) {
        let lag_ms = Some(now.as_millis() - newest.as_millis());
        self.sender.send_if_modified(|report| {
            report.lag_ms = lag_ms;
            let keywords = &mut report.keywords;
            if keywords.len() == StreamReport::KEYWORDS && !keywords.contains_key(keyword) {
                let quietest = keywords.iter().min_by_key(|(_, traffic)| traffic.posts);
                if let Some(quietest) = quietest.map(|(keyword, _)| keyword.clone()) {
                    keywords.remove(&quietest);
                }
            }
            let traffic = keywords.entry(keyword.clone()).or_default();
            traffic.posts += posts;
            traffic.lag_ms = lag_ms;
            traffic.last_post_at = traffic.last_post_at.max(Some(newest));
            false
        });
    }

    /// The present state, stamped with `now`; rates are those since the report `before`.
    pub(crate) fn report(&self, before: Option<&StreamReport>, now: UtcTime) -> StreamReport {
        let mut report = self.sender.borrow().clone();
        if let Some(before) = before {
            let seconds = now.since(before.heartbeat_at).as_secs_f64();
            // What a second holds is far below 2^53. States that follow each other at once say nothing
            // of rates.
            let rate = |posts: u64, before: u64, rate_before: f64| {
                if seconds >= 1.0 { posts.saturating_sub(before) as f64 / seconds } else { rate_before }
            };
            report.posts_per_second = rate(report.posts_read, before.posts_read, before.posts_per_second);
            for (keyword, traffic) in &mut report.keywords {
                let before = before.keywords.get(keyword).copied().unwrap_or_default();
                traffic.posts_per_second = rate(traffic.posts, before.posts, before.posts_per_second);
            }
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
        let progress = Progress::new(Ledger::new(posts::Reading::default(), Some(9)), 0.005, at(0));
        let rust: Keyword = "rust".parse().unwrap();
        let first = progress.report(None, at(0));
        for _ in 0..30 {
            progress.read(at(5));
        }
        progress.sent(&rust, 20, at(5), at(7));
        let second = progress.report(Some(&first), at(10));
        assert_eq!((second.posts_per_second, second.lag_ms, second.posts_read), (3.0, Some(2000), 30));
        let traffic = second.keywords[&rust];
        assert_eq!((traffic.posts, traffic.posts_per_second, traffic.lag_ms), (20, 2.0, Some(2000)));
        assert_eq!(progress.report(Some(&second), at(20)).posts_per_second, 0.0);
    }

    #[test]
    fn no_more_keywords_are_told_of_than_fit_and_the_busiest_stay() {
        let at = UtcTime::from_millis(0).unwrap();
        let progress = Progress::new(Ledger::new(posts::Reading::default(), None), 0.0, at);
        let keyword = |number: usize| format!("k{number}").parse::<Keyword>().unwrap();
        progress.sent(&keyword(0), 2, at, at);
        for number in 1..=StreamReport::KEYWORDS {
            progress.sent(&keyword(number), 1, at, at);
        }
        let keywords = progress.report(None, at).keywords;
        assert_eq!(keywords.len(), StreamReport::KEYWORDS);
        assert!(
            keywords.contains_key(&keyword(0)) && keywords.contains_key(&keyword(StreamReport::KEYWORDS))
        );
    }
}
