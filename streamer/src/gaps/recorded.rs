//! A gap that is being healed, and its record.

use std::time::Duration;

use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use super::book::GapBook;
use super::outcome::Healed;
use super::worklist::Work;

/// How the reason of a gap begins whose request the source rejected.
const REJECTED: &str = "the source rejected the request";

/// How long to wait after the source has refused a request as such. It is asked again, also after a new version has started: the
/// program's request was wrong, or the source is about to change.
const REFUSED_WAIT: Duration = Duration::from_secs(60 * 60);

/// A gap, and its record.
pub(super) struct Recorded<'a> {
    book: &'a GapBook,
    record: Gap,
    pub(super) gap: Gap,
}

impl<'a> Recorded<'a> {
    /// A gap as it is on record.
    pub(super) fn new(book: &'a GapBook, gap: Gap) -> Self {
        Self { book, record: gap.clone(), gap }
    }

    /// Writes the record, if the gap has changed.
    pub(super) async fn save(&mut self) {
        if self.gap != self.record {
            self.book.change(&self.record, &self.gap).await;
            self.record = self.gap.clone();
        }
    }

    /// Writes the record of a gap that is finished.
    pub(super) async fn finish(mut self, change: impl FnOnce(Gap) -> Gap) -> Healed {
        self.gap = change(self.gap);
        self.save().await;
        Healed::Finished
    }

    /// Writes why a gap is not healed yet, and puts it off until `due`.
    pub(super) async fn put_off(mut self, reason: String, due: UtcTime) -> Work {
        self.gap.reason = Some(reason);
        self.save().await;
        Work::new(self.gap, due)
    }
}

/// A gap whose request the source rejected, to be tried again in an hour.
pub(super) async fn rejected(recorded: Recorded<'_>, reason: &str) -> Work {
    let due = UtcTime::now().after(REFUSED_WAIT);
    recorded.put_off(format!("{REJECTED}; next attempt at {due}: {reason}"), due).await
}

/// A gap whose posts are missing for good. If the source rejected it before, its words stay.
pub(super) fn open(gap: Gap, reason: &str) -> Gap {
    let rejected = gap.reason.as_deref().filter(|reason| reason.starts_with(REJECTED));
    let reason = rejected.map_or_else(|| reason.to_owned(), |rejected| format!("{reason}; {rejected}"));
    Gap { state: GapState::Open, reason: Some(reason), ..gap }
}
