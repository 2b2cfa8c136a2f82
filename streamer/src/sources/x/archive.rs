//! X's full-archive search: whether it may be used, and how often.

use std::sync::Arc;
use std::time::Duration;

use ::x::limits::ARCHIVE_PACE;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::source::Learnt;

/// The name under which it is saved when X refused full-archive search to this account.
const REFUSED: &str = "archiveRefused";

/// How long after that X is asked again. Chosen here: a plan can be changed, and being refused costs nothing.
const ASK_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether full-archive search may be used, and how often. Copies share their state.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    is_wanted: bool,
    learnt: Learnt,
    last_request: Arc<Mutex<Option<Instant>>>,
}

impl Archive {
    /// Goes on from what has been learnt. It is never used unless `is_wanted`.
    pub(super) fn new(is_wanted: bool, learnt: Learnt) -> Self {
        Self { is_wanted, learnt, last_request: Arc::default() }
    }

    /// Whether X offers it to this account, as far as is known.
    pub(super) fn is_offered(&self, now: UtcTime) -> bool {
        let refused: Option<UtcTime> = self.learnt.get(REFUSED).and_then(|at| at.parse().ok());
        self.is_wanted && refused.is_none_or(|at| now.since(at) >= ASK_AGAIN)
    }

    /// Notes that X does not offer it to this account.
    pub(super) fn is_refused(&self, now: UtcTime) {
        self.learnt.note(REFUSED, &now.to_string());
    }

    /// Waits until X takes another request.
    pub(super) async fn turn(&self) {
        let mut last = self.last_request.lock().await;
        if let Some(last) = *last {
            tokio::time::sleep_until(last + ARCHIVE_PACE).await;
        }
        *last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_is_asked_again_the_next_day() {
        let at = |second: i64| UtcTime::from_millis(second * 1000).unwrap();
        let archive = Archive::new(true, Learnt::default());
        assert!(archive.is_offered(at(0)));
        archive.is_refused(at(0));
        assert!(!archive.is_offered(at(24 * 3600 - 1)) && archive.is_offered(at(24 * 3600)));
        assert!(!Archive::new(false, Learnt::default()).is_offered(at(0)));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_a_second_apart() {
        let archive = Archive::new(true, Learnt::default());
        let start = Instant::now();
        for _ in 0..3 {
            archive.turn().await;
        }
        assert_eq!(start.elapsed(), 2 * ARCHIVE_PACE);
    }
}
