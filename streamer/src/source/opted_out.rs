//! Counting what is left out because its authors do not want to be found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many posts of requested keywords were left out because their authors have opted out of being found by search. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct OptedOut(Arc<AtomicU64>);

impl OptedOut {
    /// Counts posts.
    pub fn add(&self, posts: u64) {
        self.0.fetch_add(posts, Ordering::Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
