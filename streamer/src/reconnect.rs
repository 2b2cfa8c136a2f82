//! How long to wait before connecting again, as X documents it.
//! <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>

use std::time::Duration;

use stream::reading::Window;
use utc_time::UtcTime;

/// The kind of a failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The other side ended a connection that had worked.
    Dropped,
    /// We ended it: the other side may not have noticed yet.
    HungUp,
    /// TCP, TLS or DNS failed.
    Network,
    /// The source answered 5xx.
    Server,
    /// The source answered 429; the limit ends then, if it said so.
    RateLimited(Option<UtcTime>),
}

/// The wait before the next attempt, where `attempt` counts from 0 those of this class in a row.
pub(crate) fn wait(class: Class, attempt: u32, now: UtcTime) -> Duration {
    const NETWORK_STEP: Duration = Duration::from_millis(250);
    const NETWORK_MAX: Duration = Duration::from_secs(16);
    /// In which time the other side learns that we hung up.
    const HUNG_UP: Duration = Duration::from_secs(1);
    const SERVER_FIRST: Duration = Duration::from_secs(5);
    const SERVER_MAX: Duration = Duration::from_secs(320);
    const LIMITED_FIRST: Duration = Duration::from_secs(60);
    /// X's windows last 15 minutes; nothing is gained by waiting for longer than one.
    const LIMITED_MAX: Duration = Duration::from_secs(15 * 60);
    /// X tells its clock in whole seconds, and ours may differ.
    const CLOCKS: Duration = Duration::from_secs(2);
    let doubled = |first: Duration, max: Duration| first.saturating_mul(1 << attempt.min(16)).min(max);
    match class {
        Class::Dropped => NETWORK_STEP.saturating_mul(attempt).min(NETWORK_MAX),
        Class::HungUp => HUNG_UP.saturating_mul(attempt.saturating_add(1)).min(NETWORK_MAX),
        Class::Network => NETWORK_STEP.saturating_mul(attempt.saturating_add(1)).min(NETWORK_MAX),
        Class::Server => doubled(SERVER_FIRST, SERVER_MAX),
        Class::RateLimited(reset) => {
            let until_reset = reset.map_or(Duration::ZERO, |reset| reset.after(CLOCKS).since(now));
            doubled(LIMITED_FIRST, LIMITED_MAX).max(until_reset)
        }
    }
}

/// Failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    last: Option<std::mem::Discriminant<Class>>,
    attempt: u32,
}

impl Failures {
    /// The wait after a failure; `worked` if there was a success before it.
    pub(crate) fn wait(&mut self, class: Class, worked: bool, now: UtcTime) -> Duration {
        let class_now = Some(std::mem::discriminant(&class));
        let again = self.last == class_now && !worked;
        self.attempt = if again { self.attempt.saturating_add(1) } else { 0 };
        self.last = class_now;
        wait(class, self.attempt, now)
    }
}

/// Most connections in [`CONNECT_WINDOW`]: X allows 50.
pub(crate) const CONNECTS: usize = 45;

/// The other five are left for a human who looks.
pub(crate) const CONNECTS_LEFT: u32 = 5;

/// The time in which connections are counted.
pub(crate) const CONNECT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The wait before another connection is opened, given when the last ones were, the earliest first.
pub(crate) fn connect_wait(connects: &[UtcTime], now: UtcTime) -> Duration {
    let Some(index) = connects.len().checked_sub(CONNECTS) else { return Duration::ZERO };
    connects[index].after(CONNECT_WINDOW).since(now)
}

/// The wait before a request to an endpoint, given what its last answer said is left. `reserve`
/// requests are never used: what was asked just before a crash was not noted.
pub(crate) fn request_wait(window: Option<Window>, reserve: u32, now: UtcTime) -> Duration {
    match window {
        Some(Window { remaining, reset }) if remaining <= reserve => {
            reset.after(Duration::from_secs(2)).since(now)
        }
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> UtcTime {
        UtcTime::from_millis(seconds * 1000).unwrap()
    }

    #[test]
    fn waits_grow_as_documented() {
        let waits =
            |class| (0..8).map(|attempt| wait(class, attempt, at(0)).as_secs_f64()).collect::<Vec<_>>();
        assert_eq!(waits(Class::Dropped), [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]);
        assert_eq!(waits(Class::HungUp), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(waits(Class::Network), [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]);
        assert_eq!(waits(Class::Server), [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 320.0]);
        assert_eq!(waits(Class::RateLimited(None)), [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0, 900.0]);
    }

    #[test]
    fn a_success_or_another_kind_of_failure_ends_a_row() {
        let mut failures = Failures::default();
        let mut wait = |class, worked| failures.wait(class, worked, at(0)).as_secs_f64();
        assert_eq!([wait(Class::Server, false), wait(Class::Server, false)], [5.0, 10.0]);
        assert_eq!([wait(Class::Network, false), wait(Class::Network, false)], [0.25, 0.5]);
        assert_eq!([wait(Class::Server, false), wait(Class::Server, true)], [5.0, 5.0]);
    }

    fn class() -> impl Strategy<Value = Class> {
        prop_oneof![
            Just(Class::Dropped),
            Just(Class::HungUp),
            Just(Class::Network),
            Just(Class::Server),
            proptest::option::of(0..2_000_000_000_i64).prop_map(|reset| Class::RateLimited(reset.map(at))),
        ]
    }

    proptest! {
        #[test]
        fn a_limit_is_never_met_before_it_ends(attempt: u32, now in 0..2_000_000_000_i64, ahead in -100..2_000_i64) {
            let reset = at((now + ahead).max(0));
            let wait = wait(Class::RateLimited(Some(reset)), attempt, at(now));
            prop_assert!(at(now).after(wait) > reset);
            prop_assert!(wait >= Duration::from_secs(60));
        }

        #[test]
        fn waits_are_bounded_and_never_shrink_in_a_row(class in class(), attempt in 0..u32::MAX, now in 0..2_000_000_000_i64) {
            let now = at(now);
            let (this, next) = (wait(class, attempt, now), wait(class, attempt + 1, now));
            prop_assert!(next >= this);
            let bound = match class {
                Class::Dropped | Class::HungUp | Class::Network => Duration::from_secs(16),
                Class::Server => Duration::from_secs(320),
                Class::RateLimited(reset) =>
                    Duration::from_secs(15 * 60).max(reset.map_or(Duration::ZERO, |reset| reset.after(Duration::from_secs(2)).since(now))),
            };
            prop_assert!(this <= bound);
        }

        #[test]
        fn no_window_ever_sees_more_connections_than_allowed(pauses in proptest::collection::vec(0..60_000_u64, 0..400)) {
            let mut connects: Vec<UtcTime> = Vec::new();
            let mut now = at(1_000_000);
            for pause in pauses {
                now = now.after(Duration::from_millis(pause));
                now = now.after(connect_wait(&connects, now));
                prop_assert_eq!(connect_wait(&connects, now), Duration::ZERO);
                connects.push(now);
            }
            for (index, first) in connects.iter().enumerate() {
                let within = connects[index..].iter().take_while(|at| at.since(*first) < CONNECT_WINDOW).count();
                prop_assert!(within <= CONNECTS);
            }
        }

        #[test]
        fn an_endpoint_is_left_alone_until_its_window_ends(remaining: u32, reset in 0..2_000_000_000_i64, now in 0..2_000_000_000_i64) {
            let wait = request_wait(Some(Window { remaining, reset: at(reset) }), 10, at(now));
            prop_assert!(remaining > 10 || at(now).after(wait) > at(reset));
            prop_assert!(remaining <= 10 || wait.is_zero());
        }
    }
}
