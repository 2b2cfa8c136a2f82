//! `/deadLetters`: messages that nobody could handle.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use posts::{DeadLetters, Redriven, Settled, UtcTime};

use crate::request::{NoParameters, Query};
use crate::{Api, Problem};

/// Letters that are shown at most.
const SHOWN: usize = 100;

/// What lies there, why, and since when.
pub(crate) async fn list(
    State(api): State<Api>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<DeadLetters>, Problem> {
    Ok(Json(api.dead_letters.list(SHOWN).await?))
}

/// Sends one to the consumer again.
pub(crate) async fn redrive(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    settled(&id, api.dead_letters.send_again(&id, UtcTime::now()).await?)
}

/// Sends all to the consumer again.
pub(crate) async fn redrive_all(State(api): State<Api>) -> Result<(StatusCode, Json<Redriven>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(api.dead_letters.send_all_again(UtcTime::now()).await?)))
}

/// Deletes one for good.
pub(crate) async fn drop(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    settled(&id, api.dead_letters.drop(&id).await?)
}

fn settled(id: &str, settled: Settled) -> Result<StatusCode, Problem> {
    match settled {
        Settled::Done => Ok(StatusCode::NO_CONTENT),
        Settled::NotThere => {
            let detail =
                format!("no dead letter {id:?} can be seen now; others of its keyword may come before it");
            Err(Problem::new(StatusCode::NOT_FOUND, detail))
        }
    }
}
