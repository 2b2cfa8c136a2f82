//! How long to wait before trying again.

use std::time::Duration;

use utc_time::UtcTime;

use super::failure::Class;

/// How long to wait after failures, by the rules of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffRules {
    /// After network failures, the wait grows by the first, up to the second. After a connection that had worked, there is no
    /// first wait.
    pub network: (Duration, Duration),
    /// After the streamer hung up: the first wait, in which the source notices, and the step by which it grows, up to the bound of
    /// network failures.
    pub hung_up: Duration,
    /// After 5xx: the first wait, which doubles up to the second.
    pub server: (Duration, Duration),
    /// After too many requests, or while another connection holds the slot: the first wait, which doubles up to the second.
    /// After too many requests, it never ends before the time that the source named.
    pub rate_limited: (Duration, Duration),
}

/// The wait while the account must be paid for: the owner may pay at any time.
const UNPAID: Duration = Duration::from_secs(5 * 60);

/// The wait at the month's cap, which only another month or another plan lifts.
const CAPPED: Duration = Duration::from_secs(60 * 60);

/// How much the clocks of a source and of this machine may differ; sources also report times in whole seconds.
const CLOCKS: Duration = Duration::from_secs(2);

/// A limit that is renewed later than this says nothing: a clock is wrong. Chosen here: X's windows have 15 minutes, Mastodon's at most 30.
/// <https://docs.joinmastodon.org/api/rate-limits/>
const LONGEST_WINDOW: Duration = Duration::from_secs(60 * 60);

/// How long it takes from `now` until a limit is certainly renewed whose window ends at `reset`; zero if it is over, or cannot be true.
pub(crate) fn until_renewed(reset: UtcTime, now: UtcTime) -> Duration {
    let wait = reset.after(CLOCKS).since(now);
    if wait > LONGEST_WINDOW { Duration::ZERO } else { wait }
}

impl BackoffRules {
    /// The wait before the next attempt. `attempt` counts failures of this class in a row, from 0.
    #[must_use]
    pub fn wait(&self, class: Class, attempt: u32, now: UtcTime) -> Duration {
        let doubled =
            |(first, max): (Duration, Duration)| first.saturating_mul(1 << attempt.min(16)).min(max);
        let (step, max) = self.network;
        let next = attempt.saturating_add(1);
        match class {
            Class::Dropped => step.saturating_mul(attempt).min(max),
            Class::HungUp => self.hung_up.saturating_mul(next).min(max),
            Class::Network => step.saturating_mul(next).min(max),
            Class::Server | Class::Unreadable => doubled(self.server),
            Class::SlotTaken => doubled(self.rate_limited),
            Class::OutOfCredits => UNPAID,
            Class::MonthlyCap => CAPPED,
            Class::RateLimited(reset) => {
                let until_reset = reset.map_or(Duration::ZERO, |reset| until_renewed(reset, now));
                doubled(self.rate_limited).max(until_reset)
            }
        }
    }
}

/// Failures in a row.
#[derive(Debug)]
pub struct Backoff {
    rules: BackoffRules,
    last: Option<std::mem::Discriminant<Class>>,
    attempt: u32,
}

impl Backoff {
    /// No failure so far.
    #[must_use]
    pub fn new(rules: BackoffRules) -> Self {
        Self { rules, last: None, attempt: 0 }
    }

    /// The wait after another failure.
    pub fn wait(&mut self, class: Class, now: UtcTime) -> Duration {
        let class_now = Some(std::mem::discriminant(&class));
        let again = self.last == class_now;
        self.attempt = if again { self.attempt.saturating_add(1) } else { 0 };
        self.last = class_now;
        self.rules.wait(class, self.attempt, now)
    }

    /// After a success: the next failure is the first one again.
    pub fn reset(&mut self) {
        (self.last, self.attempt) = (None, 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: BackoffRules = BackoffRules {
        network: (Duration::from_millis(250), Duration::from_secs(16)),
        hung_up: Duration::from_secs(1),
        server: (Duration::from_secs(5), Duration::from_secs(320)),
        rate_limited: (Duration::from_secs(60), Duration::from_secs(15 * 60)),
    };

    fn at(seconds: i64) -> UtcTime {
        UtcTime::from_millis(seconds * 1000).unwrap()
    }

    #[test]
    fn a_success_or_another_kind_of_failure_ends_a_row() {
        let mut backoff = Backoff::new(RULES);
        let mut waits = |class| [0, 1].map(|_| backoff.wait(class, at(0)).as_secs_f64());
        assert_eq!(waits(Class::Server), [5.0, 10.0]);
        assert_eq!(waits(Class::Network), [0.25, 0.5]);
        assert_eq!(waits(Class::Server), [5.0, 10.0]);
        backoff.reset();
        assert_eq!(backoff.wait(Class::Server, at(0)).as_secs_f64(), 5.0);
    }

    fn class() -> impl Strategy<Value = Class> {
        prop_oneof![
            Just(Class::Dropped),
            Just(Class::HungUp),
            Just(Class::Network),
            Just(Class::Server),
            Just(Class::Unreadable),
            Just(Class::SlotTaken),
            Just(Class::OutOfCredits),
            Just(Class::MonthlyCap),
            proptest::option::of(0..2_000_000_000_i64).prop_map(|reset| Class::RateLimited(reset.map(at))),
        ]
    }

    proptest! {
        #[test]
        fn a_limit_is_never_met_before_it_ends(attempt: u32, now in 0..2_000_000_000_i64, ahead in -100..2_000_i64) {
            let reset = at((now + ahead).max(0));
            let wait = RULES.wait(Class::RateLimited(Some(reset)), attempt, at(now));
            prop_assert!(at(now).after(wait) > reset);
            prop_assert!(wait >= Duration::from_secs(60));
        }

        #[test]
        fn waits_are_bounded_and_never_shrink_in_a_row(class in class(), attempt in 0..u32::MAX, now in 0..2_000_000_000_i64) {
            let now = at(now);
            let (this, next) = (RULES.wait(class, attempt, now), RULES.wait(class, attempt + 1, now));
            prop_assert!(next >= this);
            let bound = match class {
                Class::Dropped | Class::HungUp | Class::Network => Duration::from_secs(16),
                Class::Server | Class::Unreadable => Duration::from_secs(320),
                Class::SlotTaken => Duration::from_secs(15 * 60),
                Class::OutOfCredits => UNPAID,
                Class::MonthlyCap => CAPPED,
                Class::RateLimited(_) => LONGEST_WINDOW,
            };
            prop_assert!(this <= bound);
        }
    }
}
