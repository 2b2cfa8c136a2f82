//! An interruption of reading, until its gaps are on record.

use utc_time::UtcTime;

use super::context::Context;
use crate::cursor::Hold;
use crate::gaps::Missing;
use crate::progress::Untold;
use crate::source::{RequestedKeywords, Source};

/// An interruption of reading, until its gaps are on record.
pub(crate) struct Missed {
    pub(crate) cause: String,
    /// Up to when everything was received; `None` if nothing was ever read.
    pub(crate) since: Option<UtcTime>,
    /// Holds the cursor there.
    pub(crate) hold: Hold,
    /// Reports until then that posts are missing.
    pub(crate) untold: Untold,
    /// Whether the source may be asked to deliver it again as a whole.
    pub(crate) recoverable: bool,
}

impl Missed {
    /// An interruption that begins now. Posts written after `since` are missing, or all since the first keyword was requested.
    pub(crate) fn new<S: Source>(
        context: &Context<S>,
        cause: impl Into<String>,
        since: Option<UtcTime>,
    ) -> Self {
        let missing = missing::<S>(&context.requested.borrow(), since);
        let from = missing.iter().map(|missing| missing.from).min().unwrap_or_else(UtcTime::now);
        let cause = cause.into();
        let untold = context.progress.missing(from, &cause);
        Self { cause, since, hold: context.cursor.hold(1), untold, recoverable: true }
    }
}

/// Since when the posts of each keyword are missing, if everything up to `since` was received: a little earlier, because posts are
/// delivered late, but never before the keyword was requested, nor before its own pause was over: a gap on record covers that.
pub(crate) fn missing<S: Source>(requested: &RequestedKeywords, since: Option<UtcTime>) -> Vec<Missing> {
    requested
        .iter()
        .filter(|(_, state)| !state.is_paused)
        .map(|(keyword, state)| {
            let behind = since.map_or(state.since, |since| since.before(S::LATENESS));
            let from = state.missing_from.map_or(behind, |from| from.min(behind)).max(state.since);
            let from = state.paused_until.map_or(from, |until| from.max(until));
            let was_collected = state.missing_from.is_none();
            let (keyword, since, reposts) = (keyword.clone(), state.since, state.had_reposts(from));
            Missing { keyword, since, from, reposts, is_outdated: false, was_collected }
        })
        .collect()
}
