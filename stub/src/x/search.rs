//! `GET /2/tweets/search/recent`, `GET /2/tweets/search/all`, and `GET /2/tweets`.

use std::collections::BTreeSet;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::answer::{Failure, ok};
use super::description::Asked;
use super::hydrate::Wanted;
use super::query::{Query, Reach, token};
use crate::stub::Stub;
use crate::world::faults::Part;
use crate::world::posted::Posted;
use crate::world::redaction::Redactions;
use crate::world::resources::Resources;

pub(crate) async fn recent(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    search(&stub, &asked, Reach::Recent)
}

pub(crate) async fn all(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    search(&stub, &asked, Reach::Archive)
}

fn search(stub: &Stub, asked: &Asked, reach: Reach) -> Result<Response, Failure> {
    searchable(stub, reach)?;
    let query = Query::new(stub, asked, reach)?;
    let size = asked.number("max_results").and_then(|size| usize::try_from(size).ok()).unwrap_or(10);
    let mut world = stub.world();
    let found: Vec<&Posted> = world.found(&query).take(size + 1).collect();
    let page = &found[..found.len().min(size)];
    let spelling = world.dialect.answered(asked.spelling);
    let (mut body, resources) = shown(page, &Wanted::new(asked, spelling), &world.redactions);
    body["meta"] = json!({ "result_count": page.len() });
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        body["meta"]["newest_id"] = newest.id.to_string().into();
        body["meta"]["oldest_id"] = oldest.id.to_string().into();
        if found.len() > page.len() {
            body["meta"]["next_token"] = token(oldest.id).into();
        }
    }
    world.answered(&resources);
    Ok(ok(body))
}

/// `GET /2/tweets`: posts by their ids.
pub(crate) async fn by_ids(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let mut world = stub.world();
    let (mut page, mut errors) = (Vec::new(), Vec::new());
    for id in asked.words("ids") {
        match id.parse().ok().and_then(|id| world.with_id(id)).filter(|post| post.is_public()) {
            Some(post) => page.push(post),
            None => errors.push(json!({
                "value": id, "resource_id": id, "resource_type": "post", "parameter": "ids",
                "title": "Not Found Error", "detail": format!("Could not find post with ids: [{id}]."),
                "type": "https://api.x.com/2/problems/resource-not-found",
            })),
        }
    }
    let wanted = Wanted::new(&asked, world.dialect.answered(asked.spelling));
    let (mut body, resources) = shown(&page, &wanted, &world.redactions);
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    world.answered(&resources);
    Ok(ok(body))
}

/// # Errors
/// Search does not answer for now, or not this account.
pub(crate) fn searchable(stub: &Stub, reach: Reach) -> Result<(), Failure> {
    let world = stub.world();
    let now = Instant::now();
    if let Some((status, left)) = world.faults.status(Part::Search, now) {
        return Err(Failure::asked_for(status, left));
    }
    if reach == Reach::Archive && world.faults.is_archive_refused(now) {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            json!({
                "title": "Client Forbidden", "reason": "client-not-enrolled", "status": 403,
                "detail": "Your account does not have access to full-archive search.",
                "type": "https://api.x.com/2/problems/client-forbidden",
            }),
        ));
    }
    Ok(())
}

/// The posts of a page and the objects that they refer to, each once; X leaves empty lists out. And what of it X
/// counts.
fn shown(page: &[&Posted], wanted: &Wanted, redactions: &Redactions) -> (Value, Resources) {
    let mut resources = Resources::default();
    let mut data = Vec::new();
    let mut included: Map<String, Value> = Map::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for posted in page {
        let (post, includes) = wanted.shown(&posted.now(redactions));
        resources.extend(Resources::of(posted.id, &includes));
        data.push(post);
        for (list, objects) in includes {
            let own = included.entry(list.clone()).or_insert_with(|| json!([]));
            for object in objects.as_array().into_iter().flatten() {
                let key = object["id"].as_str().or_else(|| object["media_key"].as_str()).unwrap_or_default();
                if let (true, Some(own)) = (seen.insert(format!("{list}/{key}")), own.as_array_mut()) {
                    own.push(object.clone());
                }
            }
        }
    }
    let mut body = json!({});
    if !data.is_empty() {
        body["data"] = data.into();
    }
    if !included.is_empty() {
        body["includes"] = included.into();
    }
    (body, resources)
}
