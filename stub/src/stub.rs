//! A running stub, as its handlers share it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::options::Account;
use crate::world::World;

/// A running stub.
#[derive(Clone, Debug)]
pub(crate) struct Stub {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) token: String,
    pub(crate) keep_alive: Duration,
    pub(crate) search_delay: Duration,
    pub(crate) account: Account,
    pub(crate) job_duration: Duration,
    pub(crate) world: Mutex<World>,
    pub(crate) connected: Notify,
    /// Ends open streams, which would otherwise keep the server from ending.
    pub(crate) ended: CancellationToken,
}

impl Stub {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // No code panics while it holds the lock; if it did, the state would still be good enough.
        self.inner.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, with each job of batch compliance where it is now.
    pub(crate) fn settled(&self) -> MutexGuard<'_, World> {
        let mut world = self.world();
        world.settle_jobs();
        world
    }
}
