//! X's API.

pub(crate) mod answer;
mod compliance;
mod connections;
mod counts;
pub(crate) mod description;
mod guard;
pub(crate) mod hydrate;
mod project;
mod query;
mod reading;
mod refusal;
mod rules;
mod search;
mod stream;
mod usage;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, put};
pub use description::Dialect;

use crate::stub::Stub;

/// X's endpoints, behind what every request must pass, and its storage.
pub(crate) fn router(stub: &Stub) -> Router<Stub> {
    Router::new()
        .route("/2/tweets", get(search::by_ids))
        .route("/2/tweets/search/stream", get(stream::connect))
        .route("/2/tweets/search/stream/rules", get(rules::list).post(rules::update))
        .route("/2/tweets/search/stream/rules/counts", get(rules::counts))
        .route("/2/tweets/search/recent", get(search::recent))
        .route("/2/tweets/search/all", get(search::all))
        .route("/2/tweets/counts/recent", get(counts::recent))
        .route("/2/tweets/counts/all", get(counts::all))
        .route("/2/usage/tweets", get(usage::usage))
        .route("/2/connections", get(connections::list).delete(connections::end_some))
        .route("/2/connections/all", delete(connections::end_all))
        .route("/2/connections/{endpoint_id}", delete(connections::end_endpoint))
        .route("/2/compliance/jobs", get(compliance::list).post(compliance::create))
        .route("/2/compliance/jobs/{id}", get(compliance::by_id))
        .route("/2/{*other}", any(|| async { StatusCode::NOT_FOUND }))
        .layer(from_fn_with_state(stub.clone(), guard::guard))
        // Signed addresses take no token.
        .route("/storage/{job}/submission", put(compliance::storage::upload))
        .route("/storage/{job}/delivery", get(compliance::storage::download))
}
