//! The endpoint's router: passes each request to its service.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tower_http::decompression::RequestDecompressionLayer;

use super::faults::{self, BODY_BYTES};
use super::refusal::Refusal;
use super::services::Services;
use super::{cloudwatch, sqs};
use crate::browser;

/// The endpoint's router.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/", post(json_protocol))
        .route("/service/{service}/operation/{operation}", post(cbor_protocol))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        // The SDK compresses large requests to CloudWatch.
        .layer(RequestDecompressionLayer::new())
        .layer(middleware::from_fn_with_state(services.faults.clone(), faults::fail_on_request))
        // The endpoint serves the bearer token too.
        .layer(middleware::from_fn(only_this_machine))
        .with_state(services)
}

/// Refuses requests from pages of other sites, as the API does.
async fn only_this_machine(request: Request, next: Next) -> Response {
    match browser::refusal(&request) {
        None => next.run(request).await,
        Some(detail) => {
            let refusal = Refusal::new("AccessDeniedException", detail);
            Refusal { status: StatusCode::FORBIDDEN, ..refusal }.into_response()
        }
    }
}

async fn json_protocol(State(services): State<Arc<Services>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    if service == "DynamoDB_20120810" {
        return services.tables.answer(operation, &headers, body).await;
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return Refusal::new("SerializationException", "the body is not JSON").into_response();
    };
    let answer = match service {
        "AmazonSQS" => sqs::answer(&services, operation, request).await,
        "AmazonEC2ContainerServiceV20141113" => services.tasks.answer(operation, &request),
        cloudwatch::SERVICE => cloudwatch::answer_json(&services.store, operation, request).await,
        "AmazonSSM" => services.parameters.answer(operation, &request),
        _ => Err(Refusal::new("UnknownOperationException", format!("unsupported service: {target:?}"))),
    };
    answer.map_or_else(IntoResponse::into_response, |answer| {
        ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response()
    })
}

async fn cbor_protocol(
    State(services): State<Arc<Services>>,
    Path((service, operation)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    cloudwatch::answer(&services.store, &service, &operation, &body).await
}
