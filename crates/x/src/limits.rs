//! What X allows, and how late it is. Each number is X's own word, unless it says otherwise.

use std::time::Duration;

/// Connections that may be opened in [`CONNECT_WINDOW`].
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const CONNECTS: usize = 50;

/// The time in which X counts connections and requests.
pub const CONNECT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// A stream says something at least every 20 s.
/// <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How late the stream delivers a post, at most: X names a P99 of 6 to 7 s, so this is ours.
pub const LATENESS: Duration = Duration::from_secs(30);

/// How soon after it was made a post is found by search: X names about 30 s, so this is ours.
/// <https://docs.x.com/x-api/posts/search/introduction>
pub const SEARCHABLE_AFTER: Duration = Duration::from_secs(40);

/// How far back recent search goes: seven days.
pub const SEARCH_REACH: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many posts a page of recent search may ask for: at least, and at most.
pub const SEARCH_PAGE: (u64, u64) = (10, 100);

/// Most rules in one request; ours, for X names no number.
pub const RULES_A_REQUEST: usize = 100;

/// Most minutes of missed posts that the stream delivers again, where the account has any.
pub const BACKFILL_MINUTES: u32 = 5;
