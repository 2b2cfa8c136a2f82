//! `DELETE /tweets` and `/forgotten`: forgetting what was collected, and the receipts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::Keyword;
use posts::tweets::TweetsTable;
use serde::{Deserialize, Serialize};
use stream::forgetting::{Deleted, Forgetting};
use utc_time::UtcTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::request::{Flag, InvalidValue, KeywordParameter, NoParameters, Path, Query, quoted};
use crate::state::{ControlApi, ReadApi};

/// What `confirm` must be where everything is forgotten.
const EVERYTHING: &str = "everything";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Forget {
    /// The keyword whose posts are forgotten. Either this or `all` is required.
    #[param(inline)]
    keyword: Option<KeywordParameter>,
    /// Whether everything is forgotten, of every keyword.
    #[param(value_type = Option<bool>)]
    all: Option<Flag>,
    /// The keyword once more, or `everything`: what is forgotten cannot be brought back.
    #[param(max_length = 2048, example = "rust")]
    confirm: String,
    /// Whether the counts are forgotten too; false if absent.
    #[param(value_type = Option<bool>)]
    counts: Option<Flag>,
}

/// Something that is forgotten, or was: a receipt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// Its id.
    id: String,
    /// The keyword; null if everything is forgotten.
    keyword: Option<Keyword>,
    /// Whether counts are forgotten too.
    counts: bool,
    /// Whether it is done.
    state: ReceiptState,
    /// Why it does not go on; null if it does.
    waiting: Option<String>,
    /// When it began.
    begun_at: UtcTime,
    /// When it was done.
    ended_at: Option<UtcTime>,
    /// The tables and the queue from which things were deleted.
    from: Vec<String>,
    /// What was deleted so far.
    deleted: Deleted,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ReceiptState {
    /// Within the next minutes, more is deleted.
    UnderWay,
    Done,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Receipts {
    /// The receipts, the latest first, up to 100.
    receipts: Vec<Receipt>,
}

/// The id in a path.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ReceiptId(String);

impl TryFrom<String> for ReceiptId {
    type Error = InvalidValue;

    fn try_from(id: String) -> Result<Self, InvalidValue> {
        let is_id = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        if is_id { Ok(Self(id)) } else { Err(InvalidValue::new("must be 1 to 20 digits".to_owned())) }
    }
}

impl From<Forgetting> for Receipt {
    fn from(forgetting: Forgetting) -> Self {
        let Forgetting { id, keyword, counts, from, begun_at, ended_at, deleted, waiting, .. } = forgetting;
        let state = if ended_at.is_some() { ReceiptState::Done } else { ReceiptState::UnderWay };
        Self { id, keyword, counts, state, waiting, begun_at, ended_at, from, deleted }
    }
}

/// Forget posts for good
///
/// Deletes the posts of a keyword, or everything, within the next minutes: posts in every version, dead letters, records of gaps, and the
/// counts if you ask for it. Stop the keyword first. What is still on its way to the tables is dropped too. The answer is a receipt; `GET
/// /forgotten/{id}` says when it is done, and what was deleted. To send the request again while it is under way changes nothing.
///
/// What a removed post leaves, its id, stays for up to 400 days, so that the post does not come back; where everything is forgotten, that
/// goes too. Values in CloudWatch cannot be deleted, and expire after 15 months. In AWS, point-in-time recovery can restore a table as it
/// was up to 35 days ago. Exports are not kept anywhere.
#[utoipa::path(
    delete,
    path = "/tweets",
    operation_id = "forgetTweets",
    tag = "tweets",
    params(Forget),
    responses(
        (status = 202, description = "It is being forgotten", body = Receipt),
        (status = 409, description = "The keyword is being collected, or, where everything is to be forgotten, any is"),
        (status = 422, description = "`confirm` is not the keyword, or not `everything`; neither or both of `keyword` and `all` were sent; \
            or the keyword is longer than 512 bytes or has invisible characters"),
    )
)]
pub(crate) async fn forget(
    State(api): State<ControlApi>,
    Query(Forget { keyword, all, confirm, counts }): Query<Forget>,
) -> Result<(StatusCode, Json<Receipt>), ApiError> {
    let keyword = keyword.map(KeywordParameter::keyword).transpose()?;
    let unusable = |field: &'static str, reason: String| Err(ApiError::Unusable { field, reason });
    if keyword.is_some() == all.is_some_and(|Flag(all)| all) {
        return unusable("all", "must be true if `keyword` is absent, and only then".to_owned());
    }
    let expected = keyword.as_ref().map_or(EVERYTHING, Keyword::as_str);
    if confirm != expected {
        return unusable("confirm", format!("must be {}; got {}", quoted(expected), quoted(&confirm)));
    }
    let present = api.streams.of_all().unfinished_forgettings().await?;
    let same = |other: &Forgetting| other.keyword == keyword;
    if let Some(under_way) = present.into_iter().find(same) {
        return Ok((StatusCode::ACCEPTED, Json(under_way.into())));
    }
    let counts = counts.is_some_and(|Flag(counts)| counts);
    let status = api.streams.of_all();
    let mut from = vec![TweetsTable::name(&api.tweets), status.name(), api.dead_letters.name()];
    if counts {
        from.push(api.tweets.statistics().name());
    }
    let from = from.into_iter().map(str::to_owned).collect();
    let mut forgetting = Forgetting::new(keyword.clone(), counts, from, UtcTime::now());
    // It is on record before the keywords are looked at, and `POST /stream` looks here behind its own write: of the two, one is refused at
    // least.
    api.streams.of_all().begin_forgetting(&mut forgetting).await?;
    if api.is_requested(keyword.as_ref()).await? {
        api.streams.of_all().delete_forgetting(&forgetting.id).await?;
        // The minute may have begun with it.
        api.tweets.lower_barrier(&forgetting.what(), forgetting.begun_at, UtcTime::now()).await?;
        return Err(ApiError::Collected(keyword));
    }
    Ok((StatusCode::ACCEPTED, Json(forgetting.into())))
}

/// List what was forgotten
///
/// Receipts of what was deleted for good, and of what is being deleted. They are kept for 400 days.
#[utoipa::path(
    get,
    path = "/forgotten",
    operation_id = "listForgotten",
    tag = "tweets",
    responses((status = 200, description = "The receipts", body = Receipts))
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Receipts>, ApiError> {
    let receipts = api.streams.of_all().forgettings().await?.into_iter().map(Receipt::from).collect();
    Ok(Json(Receipts { receipts }))
}

/// Show what was forgotten
///
/// A receipt. `postIds` lets anybody who has a list of ids check that it was these posts.
#[utoipa::path(
    get,
    path = "/forgotten/{id}",
    operation_id = "showForgotten",
    tag = "tweets",
    params(("id" = String, Path, description = "The receipt's id", pattern = "^[0-9]{1,20}$")),
    responses(
        (status = 200, description = "The receipt", body = Receipt),
        (status = 404, description = "There is no receipt with this id"),
    )
)]
pub(crate) async fn show(
    State(api): State<ReadApi>,
    Path(ReceiptId(id)): Path<ReceiptId>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Receipt>, ApiError> {
    match api.streams.of_all().forgetting(&id).await? {
        Some(forgetting) => Ok(Json(forgetting.into())),
        None => Err(ApiError::NoSuchReceipt { id }),
    }
}
