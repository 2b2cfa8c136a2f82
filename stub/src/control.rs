//! The control path, which X does not have: faults on request, and what was posted and delivered.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Stub;
use crate::faults::Fault;

/// `POST /control/faults`: makes a [`Fault`] happen.
pub(crate) async fn fault(State(stub): State<Stub>, fault: Result<Json<Fault>, JsonRejection>) -> Response {
    match fault {
        Ok(Json(fault)) => {
            stub.world().fault(fault);
            (StatusCode::ACCEPTED, Json(json!(fault))).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.body_text() }))).into_response(),
    }
}

/// `GET /control/posts`: every post that matched a rule when it was posted, in that order, with the
/// rules' values and how often it has been handed to a reader whole.
pub(crate) async fn posts(State(stub): State<Stub>) -> Json<Value> {
    let world = stub.world();
    let posts: Vec<Value> = world
        .posts
        .iter()
        .filter(|post| !post.matched.is_empty())
        .map(|post| {
            let keywords: Vec<&str> = post.matched.iter().map(|rule| rule.value.as_str()).collect();
            json!({ "id": post.id.to_string(), "keywords": keywords, "delivered": post.delivered })
        })
        .collect();
    Json(
        json!({ "posts": posts, "posted": world.forgotten + world.posts.len() as u64, "connections": world.connections }),
    )
}
