//! The gaps that a view shows.

use page::address::Address;
use page::stream::{Gap, Stream};
use serde::Deserialize;
use utc_time::UtcTime;

use super::answer::Refusal;
use super::session::Session;
use crate::resources::gaps::{SETTLED, UNSETTLED};

/// How many pages of gaps are read for a view, and how many gaps are on one. A view that goes farther back lacks the oldest.
const PAGES: usize = 10;
const PAGE: u8 = 100;

/// The API's answer to `GET /stream/gaps`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GapPage {
    gaps: Vec<Gap>,
    next_cursor: Option<String>,
}

/// The stream, with all gaps that end after `from`.
///
/// # Errors
/// As [`Session::get`].
pub(super) async fn stream_with_gaps(session: &Session, from: UtcTime) -> Result<Stream, Refusal> {
    let mut stream: Stream = session.get("/stream").await?;
    for (states, most) in [(["open", "healing"], UNSETTLED), (["closed", "abandoned"], SETTLED)] {
        let is_of_these = |gap: &Gap| states.contains(&gap.state.as_str());
        let listed = || stream.gaps.iter().filter(|gap| is_of_these(gap));
        // The one that ended last comes first.
        let is_complete = listed().count() < usize::from(most) || listed().any(|gap| gap.to <= from);
        if is_complete {
            continue;
        }
        let mut gaps = Vec::new();
        for state in states {
            gaps.extend(gaps_in_state(session, state, from).await?);
        }
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.to));
        stream.gaps.retain(|gap| !is_of_these(gap));
        stream.gaps.extend(gaps);
    }
    Ok(stream)
}

/// The gaps in a state that end after `from`, the one that ended last first.
async fn gaps_in_state(session: &Session, state: &str, from: UtcTime) -> Result<Vec<Gap>, Refusal> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut address = Address::of("/stream/gaps").with("state", state).with("limit", PAGE);
    for _ in 0..PAGES {
        let page: GapPage = session.get(&address).await?;
        gaps.extend(page.gaps);
        match page.next_cursor {
            Some(cursor) if gaps.last().is_some_and(|gap| gap.to > from) => {
                address = address.with("cursor", cursor)
            }
            _ => break,
        }
    }
    gaps.retain(|gap| gap.to > from);
    Ok(gaps)
}
