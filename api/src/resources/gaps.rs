//! `/stream/gaps`: the times in which posts may have been missed.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posts::Keyword;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use stream::gaps::{Gap, GapPosition, GapState};
use stream::{SourceName, StreamStatusTable};
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

use super::ongoing::{self, Ongoing};
use crate::error::ApiError;
use crate::request::{KeywordParameter, PageLimit, Query};
use crate::state::ReadApi;
use crate::streams::SourceStream;

/// How many gaps `GET /stream` lists of those that are open or being healed.
pub(crate) const UNSETTLED: u8 = 100;

/// How many gaps `GET /stream` lists of those that are closed or abandoned.
pub(crate) const SETTLED: u8 = 20;

/// How many gaps of the last 90 days there are, by state. Counting stops at 1,000, so 1,000 means 1,000 or more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GapCounts {
    /// Gaps whose posts are missing.
    pub(super) open: usize,
    /// Gaps that are being healed, or waiting for it.
    healing: usize,
    /// Gaps whose posts are missing and will not be fetched: the keyword was stopped before they were healed.
    abandoned: usize,
    /// Gaps whose posts are stored, as far as the source still offers them.
    closed: usize,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Gaps of this source's stream: X's if absent, or that of the only source.
    #[param(inline)]
    source: Option<SourceName>,
    /// Gaps of this keyword; of all if absent.
    #[param(value_type = Option<Keyword>)]
    keyword: Option<KeywordParameter>,
    /// Gaps in this state; `open` if absent.
    #[param(inline)]
    state: Option<GapState>,
    /// Gaps on a page; 20 if absent.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<PageLimit>,
    /// Where the page begins: the `nextCursor` of the previous page, which had the same `source`, `keyword` and `state`.
    #[param(max_length = 1000)]
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gaps {
    /// The source whose posts may have been missed.
    source: SourceName,
    /// What is being missed now, by keyword; it becomes a gap once reading goes on. Only on the first page of gaps that are `open` or `healing`.
    ongoing: Vec<Ongoing>,
    /// The gaps; the one that ended last comes first.
    gaps: Vec<Gap>,
    /// The `cursor` of the next page; null on the last page.
    next_cursor: Option<String>,
}

/// List the gaps
///
/// The times in which posts may have been missed, by state. The gap that ended last comes first.
#[utoipa::path(
    get,
    path = "/stream/gaps",
    operation_id = "listGaps",
    tag = "stream",
    params(Parameters),
    responses(
        (status = 200, description = "A page of gaps", body = Gaps,
            links(("nextPage" = (operation_id = "listGaps", parameters(("cursor" = "$response.body#/nextCursor")))))),
        (status = 422, description = "The cursor was not issued for gaps in this state, the keyword cannot be one, or the source is not read here"),
    )
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(Parameters { source, keyword, state, limit, cursor }): Query<Parameters>,
) -> Result<Json<Gaps>, ApiError> {
    let SourceStream { source, status } = api.streams.of("source", source)?;
    let keyword = keyword.map(KeywordParameter::keyword).transpose()?;
    let state = state.unwrap_or(GapState::Open);
    let limit = limit.unwrap_or(PageLimit::DEFAULT).get();
    let before = cursor.map(|cursor| decode_cursor(state, &cursor)).transpose()?;
    let is_asked_for = before.is_none() && matches!(state, GapState::Open | GapState::Healing);
    let mut ongoing = if is_asked_for { ongoing::read(status, UtcTime::now()).await? } else { Vec::new() };
    let page = match &keyword {
        Some(keyword) => {
            ongoing.retain(|ongoing| ongoing.keyword == *keyword);
            status.latest_gaps_of(keyword, state, limit.into(), before).await?
        }
        None => status.latest_gaps(state, limit.into(), before).await?,
    };
    let next_cursor = page.next.map(|next| URL_SAFE_NO_PAD.encode(next.as_str()));
    Ok(Json(Gaps { source: *source, ongoing, gaps: page.gaps, next_cursor }))
}

fn decode_cursor(state: GapState, cursor: &str) -> Result<GapPosition, ApiError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|text| String::from_utf8(text).ok());
    let position = text.and_then(|text| GapPosition::among(state, text));
    position.ok_or_else(|| ApiError::Unusable {
        field: "cursor",
        reason: "was not issued by this API for gaps in this state".to_owned(),
    })
}

/// How many gaps there are, and those that `GET /stream` lists. What this reads does not grow with the number of gaps.
pub(super) async fn summary(status: &StreamStatusTable) -> Result<(GapCounts, Vec<Gap>), TableError> {
    let count = |state| status.count_gaps(state, None);
    let latest = |state, limit: u8| status.latest_gaps(state, limit.into(), None);
    let (open, healing, abandoned, closed) = tokio::try_join!(
        count(GapState::Open),
        count(GapState::Healing),
        count(GapState::Abandoned),
        count(GapState::Closed),
    )?;
    let (latest_open, latest_healing, latest_abandoned, latest_closed) = tokio::try_join!(
        latest(GapState::Open, UNSETTLED),
        latest(GapState::Healing, UNSETTLED),
        latest(GapState::Abandoned, SETTLED),
        latest(GapState::Closed, SETTLED),
    )?;
    let mut gaps = latest_first(latest_open.gaps, latest_healing.gaps, UNSETTLED);
    gaps.extend(latest_first(latest_abandoned.gaps, latest_closed.gaps, SETTLED));
    Ok((GapCounts { open, healing, abandoned, closed }, gaps))
}

/// The latest gaps of two lists, at most `limit`.
fn latest_first(one: Vec<Gap>, other: Vec<Gap>, limit: u8) -> Vec<Gap> {
    let mut both = one;
    both.extend(other);
    both.sort_by_key(|gap| std::cmp::Reverse(gap.to));
    both.truncate(limit.into());
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(minute: usize, state: GapState) -> Gap {
        serde_json::from_value(serde_json::json!({
            "keyword": "rust", "from": "2026-11-23T10:00:00Z", "to": format!("2026-11-23T11:{minute:02}:00Z"),
            "cause": minute.to_string(), "state": state,
        }))
        .unwrap()
    }

    #[test]
    fn the_latest_of_both_lists_come_first() {
        let of = |state, minutes: [usize; 3]| minutes.map(|minute| gap(minute, state)).to_vec();
        let both = latest_first(of(GapState::Open, [50, 30, 10]), of(GapState::Healing, [40, 20, 0]), 4);
        let causes: Vec<&str> = both.iter().map(|gap| gap.cause.as_str()).collect();
        assert_eq!(causes, ["50", "40", "30", "20"]);
    }

    #[test]
    fn a_cursor_leads_to_no_other_items() {
        let cursor = |text: &str| decode_cursor(GapState::Open, &URL_SAFE_NO_PAD.encode(text)).is_ok();
        assert!(cursor("gap#open#2026-11-23T11:00:00.000Z#2026-11-23T10:00:00.000Z#rust"));
        assert!(!cursor("gap#closed#2026-11-23T11:00:00.000Z#2026-11-23T10:00:00.000Z#rust"));
        assert!(!cursor("lease"));
        assert!(decode_cursor(GapState::Open, "!").is_err());
    }
}
