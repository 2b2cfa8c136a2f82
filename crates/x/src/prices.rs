//! What X charges. <https://docs.x.com/x-api/getting-started/pricing>
//!
//! A micro-dollar is a millionth of a US dollar, so that sums are exact.

/// The price of reading a post, by the stream or by search. X charges for a post once a day (UTC), as a rule: it does not promise it.
pub const MICRO_DOLLARS_A_POST: u64 = 5_000;

/// The price of reading a user. Whether X charges for the users who come with posts, it does not say.
pub const MICRO_DOLLARS_A_USER: u64 = 10_000;

/// The price of a request of recent counts, whatever it counts.
pub const MICRO_DOLLARS_A_RECENT_COUNT: u64 = 5_000;

/// The price of a request of full-archive counts, whatever it counts.
pub const MICRO_DOLLARS_A_FULL_ARCHIVE_COUNT: u64 = 10_000;
