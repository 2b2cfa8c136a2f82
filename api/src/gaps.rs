//! `/stream/gaps`: the times in which posts may have been missed.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use service::tables::TableError;
use stream::StreamStatusTable;
use stream::gaps::{Gap, GapPosition, GapState};
use utoipa::{IntoParams, ToSchema};

use crate::request::{Limit, Query};
use crate::{ControlApi, Problem, ReadApi};

/// How many gaps `GET /stream` shows of those that want attention, and of the others.
const ATTENTION: usize = 100;
const SETTLED: usize = 20;

/// Gaps on a page if nothing else is asked for.
const USUALLY: usize = 20;

/// How many gaps that wait to be healed are looked through in one minute.
const LOOKED_THROUGH: i32 = 1_000;

/// How many gaps of the last 90 days there are. No more than 1,000 of a state are counted: that number stands for as
/// many or more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GapCounts {
    /// Posts are missing.
    open: usize,
    /// They wait to be healed, or are being healed.
    healing: usize,
    /// Posts are missing, and nobody asks for them: the keyword was stopped before they were healed.
    abandoned: usize,
    /// What could be had is stored.
    closed: usize,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Gaps in this state; `open` if absent.
    #[param(inline)]
    state: Option<GapState>,
    /// Gaps on a page; 20 if absent.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// Where to go on: the `nextCursor` of the page before, which was asked for with the same `state`.
    #[param(max_length = 1000)]
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gaps {
    /// The gaps, those that ended last first.
    gaps: Vec<Gap>,
    /// The `cursor` of the next page; none if there are no more.
    next_cursor: Option<String>,
}

/// The gaps
///
/// The times in which posts may have been missed, by what became of them; a page at a time, those that ended last first.
#[utoipa::path(
    get,
    path = "/stream/gaps",
    operation_id = "listGaps",
    tag = "stream",
    params(Parameters),
    responses(
        (status = 200, description = "The gaps", body = Gaps,
            links(("nextPage" = (operation_id = "listGaps", parameters(("cursor" = "$response.body#/nextCursor")))))),
        (status = 422, description = "A cursor of another request",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(Parameters { state, limit, cursor }): Query<Parameters>,
) -> Result<Json<Gaps>, Problem> {
    let state = state.unwrap_or(GapState::Open);
    let limit = limit.map_or(USUALLY, Limit::get);
    let before = cursor.map(|cursor| read_cursor(state, &cursor)).transpose()?;
    let page = api.status.latest_gaps(state, i32::try_from(limit).unwrap_or(i32::MAX), before).await?;
    let next_cursor = page.next.map(|next| URL_SAFE_NO_PAD.encode(next.as_str()));
    Ok(Json(Gaps { gaps: page.gaps, next_cursor }))
}

fn read_cursor(state: GapState, cursor: &str) -> Result<GapPosition, Problem> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|text| String::from_utf8(text).ok());
    let position = text.and_then(|text| GapPosition::among(state, text));
    position.ok_or_else(|| {
        Problem::unusable("cursor", "cursor is not one that this api gave for gaps in this state")
    })
}

/// How many gaps there are, and those that `GET /stream` shows. What this reads does not grow with the number of
/// gaps.
pub(crate) async fn shown(status: &StreamStatusTable) -> Result<(GapCounts, Vec<Gap>), TableError> {
    let count = |state| status.count_gaps(state, None);
    let latest =
        |state, limit: usize| status.latest_gaps(state, i32::try_from(limit).unwrap_or(i32::MAX), None);
    let (open, healing, abandoned, closed) = tokio::try_join!(
        count(GapState::Open),
        count(GapState::Healing),
        count(GapState::Abandoned),
        count(GapState::Closed),
    )?;
    let (latest_open, latest_healing, latest_abandoned, latest_closed) = tokio::try_join!(
        latest(GapState::Open, ATTENTION),
        latest(GapState::Healing, ATTENTION),
        latest(GapState::Abandoned, SETTLED),
        latest(GapState::Closed, SETTLED),
    )?;
    let mut gaps = latest_first(latest_open.gaps, latest_healing.gaps, ATTENTION);
    gaps.extend(latest_first(latest_abandoned.gaps, latest_closed.gaps, SETTLED));
    Ok((GapCounts { open, healing, abandoned, closed }, gaps))
}

/// The latest of two lists, at most `most`.
fn latest_first(one: Vec<Gap>, other: Vec<Gap>, most: usize) -> Vec<Gap> {
    let mut both = one;
    both.extend(other);
    both.sort_by_key(|gap| std::cmp::Reverse(gap.to));
    both.truncate(most);
    both
}

/// Notes of gaps that wait to be healed, and whose keyword has been stopped, that nobody asks for them any more.
pub(crate) async fn abandon(api: &ControlApi) -> Result<(), TableError> {
    let healing = api.status.gaps(GapState::Healing, LOOKED_THROUGH, None).await?.gaps;
    if healing.is_empty() {
        return Ok(());
    }
    let requested = api.status.keywords().await?;
    for gap in healing {
        if requested.binary_search_by(|status| status.keyword.cmp(&gap.keyword)).is_err() {
            api.status.change_gap(&gap, &gap.abandoned()).await?;
        }
    }
    Ok(())
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
        let cursor = |text: &str| read_cursor(GapState::Open, &URL_SAFE_NO_PAD.encode(text)).is_ok();
        assert!(cursor("gap#open#2026-11-23T11:00:00.000Z#2026-11-23T10:00:00.000Z#rust"));
        assert!(!cursor("gap#closed#2026-11-23T11:00:00.000Z#2026-11-23T10:00:00.000Z#rust"));
        assert!(!cursor("lease"));
        assert!(read_cursor(GapState::Open, "!").is_err());
    }
}
