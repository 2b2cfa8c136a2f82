//! What X charges. <https://docs.x.com/x-api/getting-started/pricing>, as of 2026.

/// For a post that is read, by the stream or by search, in US dollars; once for a post and day (UTC).
pub const DOLLARS_A_POST: f64 = 0.005;
