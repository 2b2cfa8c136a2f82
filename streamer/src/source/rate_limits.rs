//! What a source still allows: connections, counted here; requests, as its answers report.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use json_api::{Answer, RateLimit};
use stream::reading::Window;
use utc_time::UtcTime;

use super::backoff::until_renewed;
use super::failure::Failure;

/// How many connections may be opened in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectQuota {
    /// The number of connections.
    pub most: usize,
    /// The length of the period.
    pub window: Duration,
    /// How many more the source allows; they are left for a person who investigates.
    pub reserve: u32,
}

/// What a source still allows. It outlives the process: see [`RateLimits::connects`] and [`RateLimits::windows`].
#[derive(Clone, Debug)]
pub struct RateLimits {
    quota: ConnectQuota,
    used: Arc<Mutex<Used>>,
}

#[derive(Debug, Default)]
struct Used {
    /// When the last connections were opened, the earliest first.
    connects: Vec<UtcTime>,
    /// What the last answer of each endpoint said.
    windows: BTreeMap<String, Window>,
}

/// How many requests of a window are never used: a crash forgets the requests just before it.
const RESERVE: u32 = 15;

impl RateLimits {
    /// The name of the endpoint that opens a stream.
    pub const CONNECT: &str = "connect";

    /// Goes on from what the last reader has used.
    #[must_use]
    pub fn new(quota: ConnectQuota, connects: Vec<UtcTime>, windows: BTreeMap<String, Window>) -> Self {
        Self { quota, used: Arc::new(Mutex::new(Used { connects, windows })) }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        // Nothing panics while it holds the lock.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the last connections were opened, the earliest first.
    pub(crate) fn connects(&self) -> Vec<UtcTime> {
        self.used().connects.clone()
    }

    /// What the last answer of each endpoint said.
    pub(crate) fn windows(&self) -> BTreeMap<String, Window> {
        self.used().windows.clone()
    }

    /// The wait before another connection may be opened, by the count kept here and by what the source said.
    pub(crate) fn connect_wait(&self, now: UtcTime) -> Duration {
        let by_count = {
            let used = self.used();
            let first = used.connects.len().checked_sub(self.quota.most);
            first.map_or(Duration::ZERO, |first| used.connects[first].after(self.quota.window).since(now))
        };
        by_count.max(self.request_wait(Self::CONNECT, now))
    }

    /// Counts a connection that is about to be opened. Save the limits before you open it: a crash must not forget it.
    pub(crate) fn connecting(&self, now: UtcTime) {
        let mut used = self.used();
        used.connects.push(now);
        let surplus = used.connects.len().saturating_sub(self.quota.most);
        used.connects.drain(..surplus);
    }

    /// The wait before a request to `endpoint`.
    pub(crate) fn request_wait(&self, endpoint: &str, now: UtcTime) -> Duration {
        let reserve = if endpoint == Self::CONNECT { self.quota.reserve } else { RESERVE };
        self.used_up_until(endpoint, reserve, now).map_or(Duration::ZERO, |until| until.since(now))
    }

    /// When the limit of `endpoint` is renewed, if no more than `kept` requests are left of it.
    pub(crate) fn used_up_until(&self, endpoint: &str, kept: u32, now: UtcTime) -> Option<UtcTime> {
        let used = self.used();
        let Window { remaining, reset } = used.windows.get(endpoint)?;
        let wait = until_renewed(*reset, now);
        (*remaining <= kept && !wait.is_zero()).then(|| now.after(wait))
    }

    /// Waits until a request to `endpoint` is allowed.
    async fn allowed(&self, endpoint: &'static str) {
        loop {
            let wait = self.request_wait(endpoint, UtcTime::now());
            if wait.is_zero() {
                return;
            }
            tracing::info!(endpoint, wait_s = wait.as_secs(), "waiting for the rate limit's next window");
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes a request to `endpoint` as soon as it is allowed, and notes what its answer says about the limit.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ask<T>(
        &self,
        endpoint: &'static str,
        request: impl Future<Output = Answer<T>>,
    ) -> Result<T, Failure> {
        let Answer { outcome, limit } = self.answer(endpoint, request).await;
        outcome.map_err(|error| Failure::from_answer(error, limit))
    }

    /// [`RateLimits::ask`], for a source whose refusals need to be read.
    pub async fn answer<T>(
        &self,
        endpoint: &'static str,
        request: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        self.allowed(endpoint).await;
        if let Some(window) = self.used().windows.get_mut(endpoint) {
            window.remaining = window.remaining.saturating_sub(1);
        }
        let Answer { outcome, limit } = request.await;
        if let Some(RateLimit { remaining, reset }) = limit {
            self.used().windows.insert(endpoint.to_owned(), Window { remaining, reset });
        }
        Answer { outcome, limit }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUOTA: ConnectQuota = ConnectQuota { most: 45, window: Duration::from_secs(15 * 60), reserve: 5 };

    fn at(second: i64) -> UtcTime {
        UtcTime::from_millis(second * 1000).unwrap()
    }

    fn limits() -> RateLimits {
        RateLimits::new(QUOTA, Vec::new(), BTreeMap::new())
    }

    fn answered(limits: &RateLimits, endpoint: &'static str, remaining: u32, reset: i64) {
        let limit = Some(RateLimit { remaining, reset: at(reset) });
        // A window that is long over lets the request pass at once.
        let answer = std::future::ready(Answer { outcome: Ok(()), limit });
        futures::FutureExt::now_or_never(limits.ask(endpoint, answer)).unwrap().unwrap();
    }

    #[test]
    fn what_the_last_reader_used_counts_for_the_next() {
        let limits = limits();
        for _ in 0..QUOTA.most {
            assert!(limits.connect_wait(at(0)).is_zero());
            limits.connecting(at(0));
        }
        answered(&limits, "search", RESERVE, 100);
        let next = RateLimits::new(QUOTA, limits.connects(), limits.windows());
        assert_eq!(next.connect_wait(at(1)), Duration::from_secs(15 * 60 - 1));
        assert_eq!(next.request_wait("search", at(1)), Duration::from_secs(101));
    }

    #[test]
    fn every_one_of_the_documented_connections_can_be_used() {
        let limits = limits();
        for opened in 1..=45 {
            assert!(limits.connect_wait(at(0)).is_zero(), "nothing makes it wait: {opened}");
            limits.connecting(at(0));
            answered(&limits, RateLimits::CONNECT, 50 - opened, 900);
        }
        assert_eq!(limits.connect_wait(at(0)), Duration::from_secs(902));
        // A person has used them, which the count kept here cannot know.
        let limits = self::limits();
        answered(&limits, RateLimits::CONNECT, QUOTA.reserve, 100);
        assert_eq!(limits.connect_wait(at(0)), Duration::from_secs(102), "the reader says so while it waits");
    }

    proptest! {
        #[test]
        fn no_window_ever_sees_more_connections_than_allowed(pauses in proptest::collection::vec(0..60_000_u64, 0..400)) {
            let limits = limits();
            let mut connects: Vec<UtcTime> = Vec::new();
            let mut now = at(1_000_000);
            for pause in pauses {
                now = now.after(Duration::from_millis(pause));
                now = now.after(limits.connect_wait(now));
                prop_assert_eq!(limits.connect_wait(now), Duration::ZERO);
                limits.connecting(now);
                connects.push(now);
            }
            for (index, first) in connects.iter().enumerate() {
                let within = connects[index..].iter().take_while(|at| at.since(*first) < QUOTA.window).count();
                prop_assert!(within <= QUOTA.most);
            }
        }

        #[test]
        fn an_endpoint_is_left_alone_until_its_window_ends(remaining in 0..30_u32, now in 4_000..2_000_000_000_i64, ahead in -4_000..4_000_i64) {
            let (limits, reset) = (limits(), now + ahead);
            answered(&limits, "search", remaining, reset);
            let wait = limits.request_wait("search", at(now));
            let is_true = ahead < 3_590;
            prop_assert!(remaining > RESERVE || !is_true || at(now).after(wait) > at(reset));
            prop_assert!(remaining <= RESERVE && ahead <= 3_600 || wait.is_zero());
        }
    }
}
