//! The time of day.

use std::time::Duration;

use jiff::Timestamp;

/// The current time by this machine's clock. Where tokio's time is paused or advanced, it moves along, so that stamps and waits
/// agree.
pub(crate) fn now() -> Timestamp {
    let moved = tokio::time::Instant::now().into_std();
    let real = std::time::Instant::now();
    // Otherwise this is the same clock, read twice.
    let now = Timestamp::now();
    match moved.checked_duration_since(real) {
        Some(ahead) => now.checked_add(ahead),
        None => now.checked_sub(real.duration_since(moved)),
    }
    .unwrap_or(now)
}

/// The time `ahead` of now, in seconds since 1970, rounded up.
pub(crate) fn unix_seconds(ahead: Duration) -> u64 {
    let at = now().checked_add(ahead).unwrap_or(Timestamp::MAX);
    u64::try_from(at.as_second()).unwrap_or(0) + 1
}
