//! `/deadLetters`: messages that the consumer could not store.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::dead_letters::{DeadLetters, Redriven, Settled};
use utc_time::UtcTime;

use crate::error::ApiError;
use crate::request::{NoParameters, Path, Query};
use crate::state::{ControlApi, ReadApi};

/// The most dead letters in an answer.
const LISTED: usize = 100;

/// List the dead letters
///
/// The messages that could not be stored, with the reason; at most 100, and ten of each keyword.
#[utoipa::path(
    get,
    path = "/deadLetters",
    operation_id = "listDeadLetters",
    tag = "dead letters",
    responses(
        (status = 200, description = "The dead letters that are visible now", body = DeadLetters,
            links(
                ("redrive" = (operation_id = "redriveDeadLetter",
                    parameters(("id" = "$response.body#/letters/0/id")))),
                ("drop" = (operation_id = "dropDeadLetter",
                    parameters(("id" = "$response.body#/letters/1/id")))),
            )),
    )
)]
pub(crate) async fn list(
    State(api): State<ReadApi>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<DeadLetters>, ApiError> {
    Ok(Json(api.dead_letters.list(LISTED).await?))
}

/// Redrive a dead letter
///
/// Sends its posts to be stored again. Safe to repeat: no post is stored twice.
#[utoipa::path(
    post,
    path = "/deadLetters/{id}/redrive",
    operation_id = "redriveDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 204, description = "The dead letter was sent"),
        (status = 404, description = "No dead letter with this id is visible now"),
    )
)]
pub(crate) async fn redrive(
    State(api): State<ControlApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, ApiError> {
    let outcome = api.dead_letters.redrive(&id, UtcTime::now()).await?;
    settled(id, outcome)
}

/// Redrive all dead letters
///
/// Sends their posts to be stored again. Safe to repeat: no post is stored twice.
#[utoipa::path(
    post,
    path = "/deadLetters/redrive",
    operation_id = "redriveDeadLetters",
    tag = "dead letters",
    responses((status = 202, description = "The dead letters are being sent", body = Redriven))
)]
pub(crate) async fn redrive_all(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<(StatusCode, Json<Redriven>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(api.dead_letters.redrive_all(UtcTime::now()).await?)))
}

/// Delete a dead letter
#[utoipa::path(
    delete,
    path = "/deadLetters/{id}",
    operation_id = "dropDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 204, description = "The dead letter was deleted"),
        (status = 404, description = "No dead letter with this id is visible now"),
    )
)]
pub(crate) async fn drop(
    State(api): State<ControlApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, ApiError> {
    let outcome = api.dead_letters.drop(&id).await?;
    settled(id, outcome)
}

fn settled(id: String, outcome: Settled) -> Result<StatusCode, ApiError> {
    match outcome {
        Settled::Done => Ok(StatusCode::NO_CONTENT),
        Settled::NotFound => Err(ApiError::NoSuchDeadLetter { id }),
    }
}
