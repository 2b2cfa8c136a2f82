//! The control path, which X does not have: faults on request, and what was posted and delivered.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::stub::Stub;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    rate: f64,
}

/// `POST /control/rate`: sets how many posts are made per second; 0 for none.
pub(crate) async fn rate(State(stub): State<Stub>, rate: Result<Json<Rate>, JsonRejection>) -> Response {
    match rate {
        Ok(Json(Rate { rate })) if (0.0..=10_000.0).contains(&rate) => {
            stub.world().rate = rate;
            (StatusCode::ACCEPTED, Json(json!({ "rate": rate }))).into_response()
        }
        Ok(_) => {
            let error = json!({ "error": "a rate is a number from 0 to 10000" });
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.body_text() }))).into_response(),
    }
}

/// `GET /control/posts`: every post that matched a rule when it was posted, in that order, with the rules' values, which of them
/// search finds it by, and how often it was delivered whole; and how often a client was refused by its own fault.
pub(crate) async fn posts(State(stub): State<Stub>) -> Json<Value> {
    let world = stub.world();
    let posts: Vec<Value> = world
        .posts
        .iter()
        .filter(|post| !post.matched.is_empty())
        .map(|post| {
            let keywords: Vec<&str> =
                post.matched.iter().map(|matched| matched.rule.value.as_str()).collect();
            let searchable = post.matched.iter().filter(|matched| matched.searchable);
            let searchable: Vec<&str> = searchable.map(|matched| matched.rule.value.as_str()).collect();
            json!({
                "id": post.id.to_string(), "at": format!("{:.3}", post.at), "keywords": keywords,
                "searchable": searchable, "delivered": post.delivered,
            })
        })
        .collect();
    Json(json!({
        "posts": posts, "posted": world.forgotten + world.posts.len() as u64,
        "connections": world.connections, "refusals": world.refusals,
    }))
}
