//! `/health` and `/openapi.json`: the API itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::request::{NoParameters, Query};

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: the API answers.
    status: &'static str,
    /// The API's version.
    version: &'static str,
}

/// Check that the API answers
///
/// This uses no service behind the API and needs no key. `GET /stream` tells how collecting is going.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "about",
    responses((status = 200, description = "The API answers", body = Health))
)]
pub(crate) async fn health(Query(NoParameters {}): Query<NoParameters>) -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Get this description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "about",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(crate) async fn openapi(
    State(description): State<Arc<OpenApi>>,
    Query(NoParameters {}): Query<NoParameters>,
) -> impl IntoResponse {
    Json(description)
}
