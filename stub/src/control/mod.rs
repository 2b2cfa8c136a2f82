//! The control path, which X does not have: faults on request, what was posted and delivered, and the account.

pub(crate) mod account;
mod answer;
pub(crate) mod takedowns;

use answer::{Body, accepted, refused};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rule::{Rule, Scope};
use crate::stub::Stub;
use crate::world::faults::Fault;

/// `POST /control/faults`: makes a [`Fault`] happen.
pub(crate) async fn fault(State(stub): State<Stub>, fault: Body<Fault>) -> Response {
    match fault {
        Ok(Json(fault)) => {
            stub.world().fault(fault);
            accepted(json!(fault))
        }
        Err(error) => refused(&error.body_text()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    rate: f64,
}

/// `POST /control/rate`: sets how many posts are made per second; 0 for none.
pub(crate) async fn rate(State(stub): State<Stub>, rate: Body<Rate>) -> Response {
    match rate {
        Ok(Json(Rate { rate })) if (0.0..=10_000.0).contains(&rate) => {
            stub.world().rate = rate;
            accepted(json!({ "rate": rate }))
        }
        Ok(_) => refused("a rate is a number from 0 to 10000"),
        Err(error) => refused(&error.body_text()),
    }
}

/// How many expressions may be watched.
const WATCHED: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watch {
    expression: String,
}

/// `POST /control/watch`: from now on, `GET /control/posts` says of each new post whether this expression matches it, whatever the
/// rules are.
pub(crate) async fn watch(State(stub): State<Stub>, watch: Body<Watch>) -> Response {
    let expression = match watch {
        Ok(Json(Watch { expression })) => expression,
        Err(error) => return refused(&error.body_text()),
    };
    let mut world = stub.world();
    match Rule::parse(&expression, Scope::Stream) {
        Err(error) => refused(&error.to_string()),
        Ok(_) if world.watched.len() >= WATCHED => refused("too many expressions are watched"),
        Ok(rule) => {
            if world.watched.iter().all(|(watched, _)| **watched != *expression) {
                world.watched.push((expression.as_str().into(), rule));
            }
            accepted(json!({ "expression": expression }))
        }
    }
}

/// `GET /control/posts`: every post that matched a rule or a watched expression when it was posted, in that order, with the rules' values and the
/// watched expressions, which of them search finds it by, how often it was delivered whole, what was taken back of it, and whether a later
/// version was posted; and how often a client was refused by its own fault, and because a connection whose reader has
/// left holds the slot.
pub(crate) async fn posts(State(stub): State<Stub>) -> Json<Value> {
    let mut world = stub.world();
    let open = world.readers.open().len();
    let posts: Vec<Value> = world
        .posts
        .iter()
        .filter(|post| !post.matched.is_empty() || !post.watched.is_empty())
        .map(|post| {
            let keywords: Vec<&str> =
                post.matched.iter().map(|matched| matched.rule.value.as_str()).collect();
            let is_repost = post.facts().is_retweet;
            let can_be_found = post.is_searchable() && !is_repost;
            let searchable = post.matched.iter().filter(|matched| can_be_found && matched.searchable);
            let searchable: Vec<&str> = searchable.map(|matched| matched.rule.value.as_str()).collect();
            let watched: Vec<&str> = post.watched.iter().map(|watched| &*watched.expression).collect();
            let findable = post.watched.iter().filter(|watched| can_be_found && watched.searchable);
            let findable: Vec<&str> = findable.map(|watched| &*watched.expression).collect();
            json!({
                "watched": watched, "findable": findable,
                "id": post.id.to_string(), "at": format!("{:.3}", post.at), "keywords": keywords,
                "searchable": searchable, "delivered": post.delivered, "repost": is_repost,
                "redaction": post.redaction.map(|redaction| redaction.reason), "superseded": post.superseded,
            })
        })
        .collect();
    Json(json!({
        "posts": posts, "posted": world.forgotten + world.posts.len() as u64,
        "connections": world.connected, "open": open, "refusals": world.refusals,
        "slotRefusals": world.slot_refusals,
    }))
}
