//! An interruption of reading, which becomes gaps.

use std::time::Duration;

use posts::Keyword;
use stream::gaps::{Gap, GapState};
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::cursor::{Cursor, Hold};
use crate::progress::Untold;

/// An interruption of reading, which becomes a gap for each keyword.
#[derive(Debug)]
pub(crate) struct Interruption {
    /// Why reading was interrupted.
    pub(crate) cause: String,
    /// The keywords whose posts were missed, and since when.
    pub(crate) missing: Vec<Missing>,
    /// When it ended. If that is in the future and it is to be healed, it is recorded then.
    pub(crate) to: UtcTime,
    /// Whether its gaps are to be healed.
    pub(crate) heal: bool,
    /// Whether the source may be asked to deliver it again as a whole.
    pub(crate) recoverable: bool,
    /// Set if the source itself delivers the missed posts.
    pub(crate) backfill: Option<Backfill>,
    /// Reports that posts are missing until the gaps are on record.
    pub(crate) untold: Option<Untold>,
    /// What is done once the gaps are on record.
    pub(crate) then: Then,
}

impl Interruption {
    /// The gap of a keyword from `from` to `to`, which is to be healed.
    pub(super) fn gap(&self, missing: &Missing, from: UtcTime, to: UtcTime) -> Gap {
        Gap {
            keyword: missing.keyword.clone(),
            from,
            to,
            cause: self.cause.clone(),
            state: GapState::Healing,
            healed_by: None,
            posts: 0,
            reason: None,
            left: None,
            reposts: missing.reposts,
            may_lack: None,
            history: None,
        }
    }

    /// What it is for some keywords, up to `to`.
    pub(super) fn part<'a>(&self, missing: impl Iterator<Item = &'a Missing>, to: UtcTime) -> Self {
        let (cause, backfill) = (self.cause.clone(), self.backfill.clone());
        let Self { heal, recoverable, .. } = *self;
        Self {
            cause,
            missing: missing.cloned().collect(),
            to,
            heal,
            recoverable,
            backfill,
            untold: None,
            then: Then::Nothing,
        }
    }
}

/// A keyword whose posts were missed.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) keyword: Keyword,
    /// Since when it has been requested.
    pub(crate) since: UtcTime,
    /// Since when its posts are missing.
    pub(crate) from: UtcTime,
    /// Whether reposts were requested.
    pub(crate) reposts: bool,
    /// Whether the source does not deliver all yet that is requested of it now: more stays missing.
    pub(crate) is_outdated: bool,
    /// Whether the source delivered its posts before.
    pub(crate) was_collected: bool,
}

/// The posts that the source delivers again by itself.
#[derive(Clone, Debug)]
pub(crate) struct Backfill {
    /// Posts written since then are delivered.
    pub(crate) from: UtcTime,
    /// When the connection was opened.
    pub(crate) connected: UtcTime,
    /// Cancelled when the connection ends.
    pub(crate) connection: CancellationToken,
    /// The connection's cursor: everything before it is on the queue.
    pub(crate) cursor: Cursor,
}

impl Backfill {
    /// How long a connection must live until the source has delivered the missed posts. Chosen here: X does not say.
    const TIME: Duration = Duration::from_secs(60);

    /// When the source has delivered all of them.
    pub(super) fn delivered_at(&self) -> UtcTime {
        self.connected.after(Self::TIME)
    }
}

/// What is done once the gaps of an interruption are on record.
#[derive(Debug)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// The cursor of this connection may pass them, and its pause is over.
    Pass { connection: String, hold: Hold },
    /// Note that this connection reads nothing until the interruption ends.
    Pause(String),
}
