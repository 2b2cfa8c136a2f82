//! Whether this reader may rely on its lease between two renewals.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use utc_time::UtcTime;

/// How long a lease is valid without being renewed: longer than renewing and ending take together.
pub(crate) const LEASE_TIME: Duration = Duration::from_secs(40);

/// How long before its expiry a lease is no longer relied on: clocks differ, and requests take time.
const MARGIN: Duration = Duration::from_secs(5);

/// Whether this reader may still rely on its lease.
///
/// A process that is suspended and resumed does not notice that time has passed, so it asks two clocks before each action that
/// only the reader may take. The monotonic clock may stand still while a machine sleeps; the wall clock may be set.
#[derive(Clone, Debug)]
pub(crate) struct LeaseGuard {
    until: Arc<Mutex<BothClocks>>,
}

/// Both clocks at the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BothClocks {
    monotonic: Instant,
    wall: UtcTime,
}

impl BothClocks {
    pub(crate) fn now() -> Self {
        Self { monotonic: Instant::now(), wall: UtcTime::now() }
    }
}

impl LeaseGuard {
    /// A lease that was requested at `asked`, and granted.
    pub(crate) fn new(asked: BothClocks) -> Self {
        Self { until: Arc::new(Mutex::new(end(asked))) }
    }

    /// Notes that the lease was renewed, as requested at `asked`.
    pub(crate) fn renewed(&self, asked: BothClocks) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = end(asked);
    }

    /// Whether the lease is certainly valid now.
    pub(crate) fn holds(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = BothClocks::now();
        now.monotonic < until.monotonic && now.wall < until.wall
    }
}

fn end(asked: BothClocks) -> BothClocks {
    let time = LEASE_TIME - MARGIN;
    BothClocks { monotonic: asked.monotonic + time, wall: asked.wall.after(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_not_renewed_is_not_relied_on() {
        let guard = LeaseGuard::new(BothClocks::now());
        tokio::time::advance(LEASE_TIME - MARGIN - Duration::from_millis(50)).await;
        assert!(guard.holds());
        guard.renewed(BothClocks::now());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(guard.holds());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(!guard.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stood_still_is_found_out_by_the_other() {
        let asleep = BothClocks { monotonic: Instant::now(), wall: UtcTime::now().before(LEASE_TIME) };
        assert!(!LeaseGuard::new(asleep).holds());
    }
}
