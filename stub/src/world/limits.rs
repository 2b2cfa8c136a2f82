//! X's rate limits, as its headers report them.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::Method;
use tokio::time::Instant;

use crate::clock::unix_seconds;
use crate::x::description::Operation;

/// The window in which requests are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The requests of the current windows.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// By method and path.
    windows: HashMap<(Method, &'static str), (Instant, u32)>,
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
    pub(crate) fn count(&mut self, operation: &Operation, now: Instant) -> Standing {
        let key = (operation.method.clone(), operation.path);
        let (start, count) = self.windows.entry(key).or_insert((now, 0));
        if now.duration_since(*start) >= WINDOW {
            (*start, *count) = (now, 0);
        }
        let limit = operation.limit;
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
    use crate::x::description::find;

    #[test]
    fn a_window_allows_its_limit_and_then_nothing_until_it_ends() {
        let of = |path| find(&Method::GET, path).unwrap();
        let (stream, search) = (of("/2/tweets/search/stream"), of("/2/tweets/search/recent"));
        let mut limits = Limits::default();
        let now = Instant::now();
        for left in (0..50).rev() {
            let standing = limits.count(stream, now);
            assert!(standing.allowed && standing.remaining == left);
        }
        assert!(!limits.count(stream, now + WINDOW - Duration::from_secs(1)).allowed);
        assert!(limits.count(search, now).allowed);
        assert!(limits.count(stream, now + WINDOW).allowed);
    }
}
