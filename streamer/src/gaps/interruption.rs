//! An interruption of reading, as it becomes gaps.

use posts::Keyword;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::cursor::{Cursor, Hold};
use crate::progress::Untold;

/// An interruption of reading, as it becomes gaps: one for each keyword.
#[derive(Debug)]
pub(crate) struct Interruption {
    /// Why reading was interrupted.
    pub(crate) cause: String,
    /// What was missed, and from when on.
    pub(crate) missing: Vec<Missing>,
    /// Until when. If that is yet to come and it is to be healed, it is put on record then.
    pub(crate) to: UtcTime,
    /// Whether it is to be healed.
    pub(crate) heal: bool,
    /// The source delivers again what was posted.
    pub(crate) backfill: Option<Backfill>,
    /// Tells that posts are missing until the gaps are on record.
    pub(crate) untold: Option<Untold>,
    /// What is done then.
    pub(crate) then: Then,
}

/// A keyword whose posts were missed.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) keyword: Keyword,
    /// Since when it is requested.
    pub(crate) since: UtcTime,
    /// From when on.
    pub(crate) from: UtcTime,
    /// Whether the source delivered it before.
    pub(crate) was_collected: bool,
}

/// What the source delivers again by itself.
#[derive(Clone, Debug)]
pub(crate) struct Backfill {
    /// Posts made from then on.
    pub(crate) from: UtcTime,
    /// Cancelled when the connection ends.
    pub(crate) connection: CancellationToken,
    /// The connection's cursor: what it has passed is on the queue.
    pub(crate) cursor: Cursor,
}

/// What is done once the gaps of an interruption are on record.
#[derive(Debug)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// The cursor of this connection may pass them, and a pause of its is over.
    Pass { connection: String, hold: Hold },
    /// It is noted that this connection reads nothing until the interruption's end.
    Pause(String),
}
