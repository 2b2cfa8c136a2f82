//! The streams, with the gaps that a view shows.

use page::address::Address;
use page::stream::{Gap, Stream};
use serde::Deserialize;
use utc_time::UtcTime;

use super::answer::Refusal;
use super::session::Session;
use crate::resources::gaps::{SETTLED, UNSETTLED};

/// How many pages of gaps are read for a view, and how many gaps are on one. A view that goes farther back says from when on its gaps are complete.
const PAGES: usize = 10;
const PAGE: u8 = 100;

/// The API's answer to `GET /stream/gaps`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GapPage {
    gaps: Vec<Gap>,
    next_cursor: Option<String>,
}

/// The streams of all sources as one, with all gaps of a keyword, or of all, that end after `from`.
///
/// # Errors
/// As [`Session::get`].
pub(super) async fn streams_with_gaps(
    session: &Session,
    keyword: Option<&str>,
    from: UtcTime,
) -> Result<Stream, Refusal> {
    let mut stream = stream_with_gaps(session, None, keyword, from).await?;
    for source in stream.other_sources() {
        stream.add(stream_with_gaps(session, Some(&source), keyword, from).await?);
    }
    Ok(stream)
}

/// The stream of a source, or the first, with all gaps of a keyword, or of all, that end after `from`.
///
/// # Errors
/// As [`Session::get`].
pub(super) async fn stream_with_gaps(
    session: &Session,
    source: Option<&str>,
    keyword: Option<&str>,
    from: UtcTime,
) -> Result<Stream, Refusal> {
    let mut stream: Stream = session.get(Address::of("/stream").of_source(source)).await?;
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
            let (of_state, complete_since) = gaps_in_state(session, source, keyword, state, from).await?;
            gaps.extend(of_state);
            stream.gaps_complete_since = stream.gaps_complete_since.max(complete_since);
        }
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.to));
        stream.gaps.retain(|gap| !is_of_these(gap));
        stream.gaps.extend(gaps);
    }
    Ok(stream)
}

/// The gaps in a state that end after `from`, the one that ended last first; and from when on they are complete, if there are too many.
async fn gaps_in_state(
    session: &Session,
    source: Option<&str>,
    keyword: Option<&str>,
    state: &str,
    from: UtcTime,
) -> Result<(Vec<Gap>, Option<UtcTime>), Refusal> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut address = Address::of("/stream/gaps").with("state", state).with("limit", PAGE).of_source(source);
    if let Some(keyword) = keyword {
        address = address.with("keyword", keyword);
    }
    let mut complete_since = None;
    for _ in 0..PAGES {
        let page: GapPage = session.get(&address).await?;
        gaps.extend(page.gaps);
        let earliest = gaps.last().map(|gap| gap.to).filter(|to| *to > from);
        let Some((cursor, earliest)) = page.next_cursor.zip(earliest) else {
            complete_since = None;
            break;
        };
        address = address.with("cursor", cursor);
        complete_since = Some(earliest);
    }
    gaps.retain(|gap| gap.to > from);
    Ok((gaps, complete_since))
}
