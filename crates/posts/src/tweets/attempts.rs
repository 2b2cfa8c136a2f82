//! Retrying with exponential backoff and jitter.

use std::time::Duration;

use tokio::time::Instant;

/// The backoff before the first retry, at most. It doubles with each, up to the other.
const FIRST_BACKOFF: Duration = Duration::from_millis(20);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// The attempts at one request, until a deadline.
#[derive(Debug)]
pub(super) struct Attempts {
    deadline: Instant,
    backoff: Duration,
    /// How often the request was retried.
    pub(super) retries: usize,
}

impl Attempts {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, backoff: FIRST_BACKOFF, retries: 0 }
    }

    /// Waits before the next attempt. Returns false, at once, if there is no time for one.
    pub(super) async fn next(&mut self) -> bool {
        // Jitter: two requests that conflicted would conflict again after equal waits.
        let wait = self.backoff.mul_f64(0.5 + fastrand::f64() / 2.0);
        if Instant::now() + wait >= self.deadline {
            return false;
        }
        tokio::time::sleep(wait).await;
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
        self.retries += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_until_the_deadline_and_never_waits_beyond_it() {
        let start = Instant::now();
        let mut attempts = Attempts::until(start + Duration::from_secs(10));
        while attempts.next().await {}
        assert!((start.elapsed() <= Duration::from_secs(10)) && start.elapsed() >= Duration::from_secs(8));
        assert!((13..=25).contains(&attempts.retries), "{}", attempts.retries);
        assert!(!Attempts::until(start).next().await);
    }
}
