//! What a source knows from earlier readers, and what it tells beside posts.

use super::learnt::Learnt;
use super::opted_out::OptedOut;
use super::rate_limits::RateLimits;

/// What a source knows from earlier readers and passes on to later ones, and what it counts. Copies share it.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What it still allows.
    pub limits: RateLimits,
    /// What has been found out about it.
    pub learnt: Learnt,
    /// What it leaves out because its authors do not want to be found.
    pub opted_out: OptedOut,
}
