//! What a source knows from earlier readers.

use super::learnt::Learnt;
use super::rate_limits::RateLimits;

/// What a source knows from earlier readers, and passes on to later ones. Copies share it.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What it still allows.
    pub limits: RateLimits,
    /// What has been found out about it.
    pub learnt: Learnt,
}
