//! What was missed, until it is on record.

use utc_time::UtcTime;

use super::context::Context;
use crate::cursor::Hold;
use crate::gaps::Missing;
use crate::progress::Untold;
use crate::source::{RequestedKeywords, Source};

/// Where reading was interrupted, until it is on record.
pub(crate) struct Missed {
    pub(crate) cause: String,
    /// Up to where everything was received; none if nothing was ever read.
    pub(crate) since: Option<UtcTime>,
    /// Keeps the cursor there.
    pub(crate) hold: Hold,
    /// Tells until then that posts are missing.
    pub(crate) untold: Untold,
}

impl Missed {
    /// From now on posts are missing that were made since then, or since the first keyword was requested.
    pub(crate) fn new<S: Source>(
        context: &Context<S>,
        cause: impl Into<String>,
        since: Option<UtcTime>,
    ) -> Self {
        let missing = missing::<S>(&context.requested.borrow(), since);
        let from = missing.iter().map(|missing| missing.from).min().unwrap_or_else(UtcTime::now);
        let untold = context.progress.missing(from);
        Self { cause: cause.into(), since, hold: context.cursor.hold(1), untold }
    }
}

/// From when on posts of each keyword are missing, where everything up to `since` was received: a little earlier, for
/// posts are delivered late, and never before the keyword was requested.
pub(crate) fn missing<S: Source>(requested: &RequestedKeywords, since: Option<UtcTime>) -> Vec<Missing> {
    requested
        .iter()
        .map(|(keyword, state)| {
            let behind = since.map_or(state.since, |since| since.before(S::LATENESS));
            let from = state.missing_from.map_or(behind, |from| from.min(behind)).max(state.since);
            let was_collected = state.missing_from.is_none();
            Missing { keyword: keyword.clone(), since: state.since, from, was_collected }
        })
        .collect()
}
