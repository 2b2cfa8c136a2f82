//! `/deadLetters`: messages that nobody could handle.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use posts::dead_letters::{DeadLetters, Redriven, Settled};
use utc_time::UtcTime;

use crate::request::{NoParameters, Path, Query};
use crate::{ControlApi, Problem, ReadApi};

/// Letters that are shown at most.
const SHOWN: usize = 100;

/// What could not be stored
///
/// Why, and since when; at most 100, and ten of a keyword.
#[utoipa::path(
    get,
    path = "/deadLetters",
    operation_id = "listDeadLetters",
    tag = "dead letters",
    responses(
        (status = 200, description = "The dead letters that can be seen now", body = DeadLetters,
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
) -> Result<Json<DeadLetters>, Problem> {
    Ok(Json(api.dead_letters.list(SHOWN).await?))
}

/// Send one dead letter to be stored again
///
/// Always safe: what is stored already is not stored twice.
#[utoipa::path(
    post,
    path = "/deadLetters/{id}/redrive",
    operation_id = "redriveDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The letter's id")),
    responses(
        (status = 204, description = "It is on its way"),
        (status = 404, description = "No such letter can be seen now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn redrive(
    State(api): State<ControlApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, Problem> {
    settled(&id, api.dead_letters.redrive(&id, UtcTime::now()).await?)
}

/// Send all dead letters to be stored again
///
/// Always safe: what is stored already is not stored twice.
#[utoipa::path(
    post,
    path = "/deadLetters/redrive",
    operation_id = "redriveDeadLetters",
    tag = "dead letters",
    responses((status = 202, description = "They are on their way", body = Redriven))
)]
pub(crate) async fn redrive_all(
    State(api): State<ControlApi>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<(StatusCode, Json<Redriven>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(api.dead_letters.redrive_all(UtcTime::now()).await?)))
}

/// Drop a dead letter for good
#[utoipa::path(
    delete,
    path = "/deadLetters/{id}",
    operation_id = "dropDeadLetter",
    tag = "dead letters",
    params(("id" = String, Path, description = "The letter's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such letter can be seen now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn drop(
    State(api): State<ControlApi>,
    Path(id): Path<String>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<StatusCode, Problem> {
    settled(&id, api.dead_letters.drop(&id).await?)
}

fn settled(id: &str, settled: Settled) -> Result<StatusCode, Problem> {
    match settled {
        Settled::Done => Ok(StatusCode::NO_CONTENT),
        Settled::NotFound => {
            let detail =
                format!("no dead letter {id:?} can be seen now; others of its keyword may come before it");
            Err(Problem::new(StatusCode::NOT_FOUND, detail))
        }
    }
}
