//! Trying again what something passing stood in the way of.

use std::time::Duration;

use tokio::time::Instant;

/// The longest first wait; each further one may be twice as long, up to the other.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The tries of one thing, until a deadline.
#[derive(Debug)]
pub(super) struct Attempts {
    deadline: Instant,
    wait: Duration,
    /// How often it was tried again.
    pub(super) again: usize,
}

impl Attempts {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, wait: FIRST_WAIT, again: 0 }
    }

    /// Waits before the next try; false, at once, if there is no time for one.
    pub(super) async fn next(&mut self) -> bool {
        // Two that met would meet again if they waited equally long.
        let wait = self.wait.mul_f64(0.5 + fastrand::f64() / 2.0);
        if Instant::now() + wait >= self.deadline {
            return false;
        }
        tokio::time::sleep(wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        self.again += 1;
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
        assert!((13..=25).contains(&attempts.again), "{}", attempts.again);
        assert!(!Attempts::until(start).next().await);
    }
}
