//! A machine-sized AWS: one loopback endpoint that speaks the protocols of the services we call.

mod cbor_json;
mod cloudwatch;
mod dynamodb;
mod ecs;
mod faults;
mod health;
pub(crate) mod resources;
mod sqs;
mod ssm;
mod store;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::decompression::RequestDecompressionLayer;

use crate::browser;
pub(crate) use dynamodb::Tables;
pub(crate) use ecs::{Start, Tasks};
pub use faults::{Call, Fate, Faults};
pub(crate) use health::Health;
pub(crate) use ssm::Parameters;
pub(crate) use store::Store;

/// The largest request: DynamoDB takes 16 MB.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// What the endpoint serves.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) store: Store,
    pub(crate) tables: Tables,
    pub(crate) tasks: Tasks,
    pub(crate) parameters: Parameters,
    pub(crate) faults: Faults,
    /// Where this endpoint is, as in queue URLs.
    pub(crate) url: String,
}

/// A refusal in the shape of AWS's JSON protocols.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// The machine's own failure: the same request may succeed later.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure");
        Self { status, code, message: message.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "__type": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// The endpoint's router.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/", post(json_protocol))
        .route("/service/{service}/operation/{operation}", post(cbor_protocol))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        // The SDK compresses large requests to CloudWatch.
        .layer(RequestDecompressionLayer::new())
        .layer(middleware::from_fn_with_state(services.faults.clone(), faults::fail_on_request))
        // The token is among what can be asked for.
        .layer(middleware::from_fn(only_this_machine))
        .with_state(services)
}

/// Refuses what a page of another site asks for, as the api does.
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
        _ => Err(Refusal::new("UnknownOperationException", format!("no such service here: {target:?}"))),
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
