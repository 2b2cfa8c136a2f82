//! X's limits, and how late X is. Each number is X's own, unless its comment says otherwise; [`crate::facts`] says when it was last
//! checked.

use std::time::Duration;

/// How many connections may be opened in [`CONNECT_WINDOW`].
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const CONNECTS: usize = 50;

/// The period in which X counts connections and requests.
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const CONNECT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The longest silence of a stream: X sends something at least every 20 s.
/// <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How to wait before connecting again after a network error: the step by which the wait grows, and its bound.
/// <https://docs.x.com/x-api/fundamentals/handling-disconnections>
pub const NETWORK_BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(16));

/// How to wait before connecting again after a 5xx: the first wait, which doubles, and its bound.
/// <https://docs.x.com/x-api/fundamentals/handling-disconnections>
pub const SERVER_BACKOFF: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(320));

/// How to wait before connecting again after a 429: the first wait, which doubles. X states no bound.
/// <https://docs.x.com/x-api/fundamentals/handling-disconnections>
pub const RATE_LIMIT_BACKOFF: Duration = Duration::from_secs(60);

/// How late the stream delivers a post, at most. Chosen here: X states a P99 of 6 to 7 s.
/// <https://docs.x.com/x-api/fundamentals/consuming-streaming-data>
pub const LATENESS: Duration = Duration::from_secs(30);

/// How long after it was written search finds a post. Chosen here: X states 30 s.
/// <https://docs.x.com/x-api/posts/search/integrate/paginate>
pub const SEARCHABLE_AFTER: Duration = Duration::from_secs(40);

/// How far back recent search goes: seven days.
/// <https://docs.x.com/x-api/posts/search/introduction>
pub const SEARCH_REACH: Duration = Duration::from_secs(7 * 24 * 3600);

/// The fewest and the most posts that a page of recent search may be requested to hold.
/// <https://docs.x.com/x-api/posts/search-recent-posts>
pub const SEARCH_PAGE: (u64, u64) = (10, 100);

/// The fewest and the most posts that a page of full-archive search may be requested to hold.
/// <https://docs.x.com/x-api/posts/search/quickstart/full-archive-search>
pub const ARCHIVE_PAGE: (u64, u64) = (10, 500);

/// The shortest time between two requests of full-archive search.
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const ARCHIVE_PACE: Duration = Duration::from_secs(1);

/// The start of the day (UTC) on which the first post of all was written, to which full-archive search reaches back.
/// <https://docs.x.com/x-api/enterprise-gnip-2.0/fundamentals/search-api>
pub const FIRST_POST: &str = "2006-03-21T00:00:00Z";

/// The most rules of an account.
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const RULES: usize = 1000;

/// How many requests may add, delete or check rules in [`CONNECT_WINDOW`].
/// <https://docs.x.com/x-api/fundamentals/rate-limits>
pub const RULE_WRITES: u32 = 100;

/// The most rules in one request. Chosen here: X states no number.
/// <https://docs.x.com/x-api/stream/update-stream-rules>
pub const RULES_A_REQUEST: usize = 100;

/// The most minutes of missed posts that the stream delivers again, if the account has backfill.
/// <https://docs.x.com/x-api/fundamentals/recovery-and-redundancy>
pub const BACKFILL_MINUTES: u32 = 5;

/// How far back the stream delivers again what it delivered, if the account has recovery: 24 hours.
/// <https://docs.x.com/x-api/fundamentals/recovery-and-redundancy>
pub const RECOVERY_REACH: Duration = Duration::from_secs(24 * 3600);

/// The most ids in one job of batch compliance: 10 MB as they are uploaded. Chosen here: X states no number, and speaks of millions.
/// <https://docs.x.com/x-api/compliance/batch-compliance/introduction>
pub const COMPLIANCE_IDS: usize = 500_000;

/// How long a job of batch compliance may take before another one is created instead. Chosen here: X says that a job may take a while, and
/// states no bound.
/// <https://docs.x.com/x-api/compliance/batch-compliance/introduction>
pub const COMPLIANCE_JOB: Duration = Duration::from_secs(6 * 3600);
