//! X's rate limits, as its headers report them.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::unix_seconds;

/// The window in which requests are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// An endpoint whose requests are counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Stream,
    ReadRules,
    WriteRules,
    Search,
    Counts,
}

impl Endpoint {
    /// Requests in 15 minutes, on X's pay-per-use plan.
    fn limit(self) -> u32 {
        match self {
            Self::Stream => 50,
            Self::ReadRules | Self::Search => 450,
            Self::WriteRules => 100,
            Self::Counts => 300,
        }
    }
}

/// The requests of the current windows.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    windows: HashMap<Endpoint, (Instant, u32)>,
}

/// A request's place within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub(crate) reset: u64,
    /// Whether this request is within it.
    pub(crate) allowed: bool,
}

impl Limits {
    /// Counts a request.
    pub(crate) fn count(&mut self, endpoint: Endpoint, now: Instant) -> Standing {
        let (start, count) = self.windows.entry(endpoint).or_insert((now, 0));
        if now.duration_since(*start) >= WINDOW {
            (*start, *count) = (now, 0);
        }
        let limit = endpoint.limit();
        let allowed = *count < limit;
        *count += u32::from(allowed);
        Standing {
            limit,
            remaining: limit - *count,
            reset: unix_seconds(WINDOW - now.duration_since(*start)),
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_allows_its_limit_and_then_nothing_until_it_ends() {
        let mut limits = Limits::default();
        let now = Instant::now();
        for left in (0..50).rev() {
            let standing = limits.count(Endpoint::Stream, now);
            assert!(standing.allowed && standing.remaining == left);
        }
        assert!(!limits.count(Endpoint::Stream, now + WINDOW - Duration::from_secs(1)).allowed);
        assert!(limits.count(Endpoint::Search, now).allowed);
        assert!(limits.count(Endpoint::Stream, now + WINDOW).allowed);
    }
}
