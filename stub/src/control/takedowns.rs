//! `POST /control/takedowns`: authors and X take back or change what was posted.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Body, accepted, not_found, refused};
use crate::stub::Stub;
use crate::world::redaction::Reason;

/// What happens to a post: exactly one of the three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Takedown {
    id: String,
    /// It is taken back; suspension and protection take all posts of its author.
    reason: Option<Reason>,
    /// Its author edits it: this is the new text.
    edit: Option<String>,
    /// X withholds it in these countries.
    withheld: Option<Vec<String>>,
}

/// The most countries in which a post can be withheld: more than there are.
const COUNTRIES: usize = 300;

/// Answers with the ids of the posts that have changed, or of the new version; 404 if there is no such post, or it is
/// gone.
pub(crate) async fn take_down(State(stub): State<Stub>, takedown: Body<Takedown>) -> Response {
    let Takedown { id, reason, edit, withheld } = match takedown {
        Ok(Json(takedown)) => takedown,
        Err(error) => return refused(&error.body_text()),
    };
    let Ok(id) = id.parse() else { return refused("an id is a number") };
    let mut world = stub.world();
    let ids: Vec<u64> = match (reason, edit, withheld) {
        (Some(reason), None, None) => world.take_back(id, reason),
        (None, Some(text), None) => world.edit(id, &text).into_iter().collect(),
        (None, None, Some(countries)) if countries.len() <= COUNTRIES => world.withhold(id, &countries),
        (None, None, Some(_)) => return refused("there are not so many countries"),
        _ => return refused("exactly one of `reason`, `edit` and `withheld` must be given"),
    };
    if ids.is_empty() {
        return not_found("there is no such post, or nothing of it is left to take back");
    }
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    accepted(json!({ "ids": ids }))
}
