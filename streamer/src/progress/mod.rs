//! The streamer's progress, from which its reports are made.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posts::Keyword;
use stream::report::{Interruption, SourceUsage, StreamReport, StreamState, WaitingFor};
use stream::storing::{RECORDED_EVERY, Storing};
use tokio::sync::watch;
use utc_time::UtcTime;

use crate::meter::Meter;
use crate::source::OptedOut;

/// The streamer's progress: its tasks write it, and the heartbeat reads it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    sender: watch::Sender<StreamReport>,
    meter: Meter,
    missing: Arc<Mutex<BTreeMap<u64, Interruption>>>,
    refused_requests: Arc<AtomicU64>,
    sent: Arc<Mutex<Sent>>,
    opted_out: OptedOut,
}

/// What the source charges, in micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prices {
    pub(crate) micro_dollars_a_post: u64,
    pub(crate) micro_dollars_a_user: u64,
    /// Whether it charges for the users who come with posts.
    pub(crate) charged_for_users: bool,
}

/// The posts on the queue that are not known to be stored yet.
#[derive(Debug, Default)]
struct Sent {
    /// When they were put there, earliest first, at most one a second.
    at: VecDeque<UtcTime>,
    /// How long it took the latest post from when it was written until it was on the queue, in milliseconds.
    queue_lag_ms: Option<i64>,
}

/// How many of those times are remembered: an hour's.
const SENT: usize = 3_600;

/// How long a post may be on the queue before it counts as waiting.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// While this lives, the report says that posts are missing and no gap says so.
#[derive(Debug)]
pub(crate) struct Untold {
    progress: Progress,
    number: u64,
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.progress.missing_now().remove(&self.number);
        self.progress.sender.send_modify(|_| {});
    }
}

impl Progress {
    pub(crate) fn new(meter: Meter, prices: Prices, opted_out: OptedOut, now: UtcTime) -> Self {
        let report = StreamReport {
            state: StreamState::Starting,
            reason: None,
            waiting_for: None,
            heartbeat_at: now,
            posts_read: 0,
            posts_per_second: 0.0,
            lag_ms: None,
            missing_from: None,
            interruption: None,
            posts_today: 0,
            users_today: 0,
            micro_dollars_a_post: prices.micro_dollars_a_post,
            micro_dollars_a_user: prices.micro_dollars_a_user,
            charged_for_users: prices.charged_for_users,
            daily_post_budget: meter.budgets().a_day,
            posts_this_month: 0,
            users_this_month: 0,
            monthly_post_budget: meter.budgets().a_month,
            source_usage: None,
            last_post_at: None,
            opted_out: 0,
            keywords: BTreeMap::new(),
        };
        let sender = watch::Sender::new(report);
        let (missing, refused_requests, sent) = Default::default();
        Self { sender, meter, missing, refused_requests, sent, opted_out }
    }

    /// Enters a state, which is reported immediately.
    pub(crate) fn enter(&self, state: StreamState, reason: Option<String>) {
        self.set(state, reason, None);
    }

    /// Says something about a stream that runs, or nothing any more, which is reported immediately.
    pub(crate) fn remark(&self, remark: Option<String>) {
        let is_running = self.sender.borrow().state == StreamState::Running;
        if is_running {
            self.enter(StreamState::Running, remark);
        }
    }

    /// Pauses, which is reported immediately.
    pub(crate) fn pause(&self, waiting_for: WaitingFor, reason: String) {
        self.set(StreamState::Paused, Some(reason), Some(waiting_for));
    }

    fn set(&self, state: StreamState, reason: Option<String>, waiting_for: Option<WaitingFor>) {
        self.sender.send_if_modified(|report| {
            let changed = report.state != state || report.reason != reason;
            (report.state, report.reason, report.waiting_for) = (state, reason, waiting_for);
            changed
        });
    }

    /// The source's price of a post at least.
    pub(crate) fn micro_dollars_a_post(&self) -> u64 {
        self.sender.borrow().micro_dollars_a_post
    }

    /// Reports what the source itself has counted.
    pub(crate) fn compare(&self, usage: SourceUsage) {
        self.sender.send_if_modified(|report| {
            report.source_usage = Some(usage);
            false
        });
    }

    /// Counts a request that the source refused as such.
    pub(crate) fn request_refused(&self) {
        self.refused_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The requests that were refused since this was last asked.
    pub(crate) fn take_refused_requests(&self) -> u64 {
        self.refused_requests.swap(0, Ordering::Relaxed)
    }

    /// Counts a post that was read.
    pub(crate) fn post_read(&self, made: UtcTime) {
        self.sender.send_if_modified(|report| {
            report.posts_read += 1;
            report.last_post_at = report.last_post_at.max(Some(made));
            false
        });
    }

    /// Reports immediately that posts written since `from` are missing, and why, as long as the returned value lives.
    pub(crate) fn missing(&self, from: UtcTime, cause: &str) -> Untold {
        let mut missing = self.missing_now();
        let number = missing.last_key_value().map_or(0, |(number, _)| number + 1);
        missing.insert(number, Interruption { from, cause: cause.to_owned() });
        self.sender.send_modify(|_| {});
        Untold { progress: self.clone(), number }
    }

    fn missing_now(&self) -> MutexGuard<'_, BTreeMap<u64, Interruption>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts posts of a keyword that are on the queue. The latest of them that the stream delivered was written at `newest`.
    pub(crate) fn sent(&self, keyword: &Keyword, posts: u64, newest: Option<UtcTime>, now: UtcTime) {
        let lag_ms = newest.map(|newest| now.as_millis() - newest.as_millis());
        {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.queue_lag_ms = lag_ms.or(sent.queue_lag_ms);
            let is_new = sent.at.back().is_none_or(|last| now.since(*last) >= Duration::from_secs(1));
            if is_new && sent.at.len() < SENT {
                sent.at.push_back(now);
            }
        }
        self.sender.send_if_modified(|report| {
            let keywords = &mut report.keywords;
            if keywords.len() == StreamReport::KEYWORDS && !keywords.contains_key(keyword) {
                let quietest = keywords.iter().min_by_key(|(_, traffic)| traffic.posts);
                if let Some(quietest) = quietest.map(|(keyword, _)| keyword.clone()) {
                    keywords.remove(&quietest);
                }
            }
            let traffic = keywords.entry(keyword.clone()).or_default();
            traffic.posts += posts;
            traffic.queue_lag_ms = lag_ms.or(traffic.queue_lag_ms);
            traffic.last_post_at = traffic.last_post_at.max(newest);
            false
        });
    }

    /// How long it takes from when a post is written until it can be found: the way to the queue plus the consumer's lag, or
    /// longer if a post has been on the queue for longer.
    fn lag_ms(&self, storing: Option<&Storing>, now: UtcTime) -> Option<i64> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(storing) = storing {
            while sent.at.front().is_some_and(|at| *at <= storing.at) {
                sent.at.pop_front();
            }
        }
        // What was sent soon after the consumer saved this may be stored: it does not save it again so soon. What was sent later would have been saved.
        let saved = storing.map(|storing| storing.at.after(RECORDED_EVERY));
        let later = sent.at.iter().find(|at| saved.is_none_or(|saved| **at > saved));
        let is_waiting = later.is_some_and(|at| now.since(*at) > ON_ITS_WAY);
        let waiting = sent.at.front().map(|at| now.since(*at)).filter(|_| is_waiting);
        let waiting_ms = waiting.map_or(0, |waiting| i64::try_from(waiting.as_millis()).unwrap_or(i64::MAX));
        let stored_ms = storing.map_or(0, |storing| i64::try_from(storing.queue_ms).unwrap_or(i64::MAX));
        sent.queue_lag_ms.map(|queue_lag_ms| queue_lag_ms.saturating_add(waiting_ms.max(stored_ms)))
    }

    /// The report at `now`, with the rates since the report `before`; `storing` is the consumer's latest lag.
    pub(crate) fn report(
        &self,
        before: Option<&StreamReport>,
        storing: Option<&Storing>,
        now: UtcTime,
    ) -> StreamReport {
        let mut report = self.sender.borrow().clone();
        report.lag_ms = self.lag_ms(storing, now);
        report.interruption = self.missing_now().values().min_by_key(|missing| missing.from).cloned();
        report.missing_from = report.interruption.as_ref().map(|interruption| interruption.from);
        if let Some(before) = before {
            let seconds = now.since(before.heartbeat_at).as_secs_f64();
            // The posts of a second are far fewer than 2^53. Reports that follow each other immediately have no rates.
            let rate = |posts: u64, before: u64, rate_before: f64| {
                if seconds >= 1.0 { posts.saturating_sub(before) as f64 / seconds } else { rate_before }
            };
            report.posts_per_second = rate(report.posts_read, before.posts_read, before.posts_per_second);
            for (keyword, traffic) in &mut report.keywords {
                let before = before.keywords.get(keyword).copied().unwrap_or_default();
                traffic.posts_per_second = rate(traffic.posts, before.posts, before.posts_per_second);
            }
        }
        let (posts_today, posts_this_month) = (self.meter.today(now), self.meter.this_month(now));
        let (users_today, users_this_month) = self.meter.users(now);
        StreamReport {
            heartbeat_at: now,
            posts_today,
            posts_this_month,
            users_today,
            users_this_month,
            opted_out: self.opted_out.count(),
            ..report
        }
    }

    /// Notified when a new state is entered, or other posts are missing.
    pub(crate) fn subscribe(&self) -> watch::Receiver<StreamReport> {
        self.sender.subscribe()
    }
}

#[cfg(test)]
mod tests;
