//! How long to wait before connecting again, as X documents it.
//! <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>

use std::time::Duration;

use posts::UtcTime;

/// The kind of a failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The connection ended after it had worked.
    Dropped,
    /// TCP, TLS or DNS failed.
    Network,
    /// X answered 5xx.
    Server,
    /// X answered 429; the limit ends then, if X said so.
    RateLimited(Option<UtcTime>),
}

/// The wait before the next attempt, where `attempt` counts from 0 those of this class in a row.
pub(crate) fn wait(class: Class, attempt: u32, now: UtcTime) -> Duration {
    const NETWORK_STEP: Duration = Duration::from_millis(250);
    const NETWORK_MAX: Duration = Duration::from_secs(16);
    const SERVER_FIRST: Duration = Duration::from_secs(5);
    const SERVER_MAX: Duration = Duration::from_secs(320);
    const LIMITED_FIRST: Duration = Duration::from_secs(60);
    /// X's windows last 15 minutes; nothing is gained by waiting for longer than one.
    const LIMITED_MAX: Duration = Duration::from_secs(15 * 60);
    let doubled = |first: Duration, max: Duration| first.saturating_mul(1 << attempt.min(16)).min(max);
    match class {
        Class::Dropped if attempt == 0 => Duration::ZERO,
        Class::Dropped => NETWORK_STEP.saturating_mul(attempt).min(NETWORK_MAX),
        Class::Network => NETWORK_STEP.saturating_mul(attempt + 1).min(NETWORK_MAX),
        Class::Server => doubled(SERVER_FIRST, SERVER_MAX),
        Class::RateLimited(reset) => {
            let until_reset = reset.map_or(0, |reset| (reset.as_millis() - now.as_millis()).max(0));
            doubled(LIMITED_FIRST, LIMITED_MAX).max(Duration::from_millis(until_reset.unsigned_abs()))
        }
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
        assert_eq!(waits(Class::Network), [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]);
        assert_eq!(waits(Class::Server), [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 320.0]);
        assert_eq!(waits(Class::RateLimited(None)), [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0, 900.0]);
    }

    proptest! {
        #[test]
        fn a_limit_is_never_met_before_it_ends(attempt: u32, now in 0..2_000_000_000_i64, ahead in -100..2_000_i64) {
            let reset = at((now + ahead).max(0));
            let wait = wait(Class::RateLimited(Some(reset)), attempt, at(now));
            prop_assert!(at(now).as_millis() + i64::try_from(wait.as_millis()).unwrap() >= reset.as_millis());
            prop_assert!(wait >= Duration::from_secs(60));
        }

        #[test]
        fn waits_are_bounded(attempt: u32) {
            prop_assert!(wait(Class::Network, attempt.min(u32::MAX - 1), at(0)) <= Duration::from_secs(16));
            prop_assert!(wait(Class::Server, attempt, at(0)) <= Duration::from_secs(320));
        }
    }
}
