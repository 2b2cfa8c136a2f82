//! What X charges. <https://docs.x.com/x-api/getting-started/pricing>, as of 2026.

/// The price of reading a post, by the stream or by search, in US dollars. X charges for a post once a day (UTC).
pub const DOLLARS_A_POST: f64 = 0.005;
