//! `GET /2/connections`, and the three ways to end connections.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::answer::{Failure, ok};
use super::description::Asked;
use super::query::token;
use crate::stub::Stub;
use crate::world::World;
use crate::world::connection::{Connection, Description, DisconnectReason, PastConnection};
use crate::world::faults::Part;

/// The only endpoint that the stub has connections to.
const ENDPOINT: &str = "filtered_stream";

/// What a connection shows in any case (inferred: X's description names no default, and its SDK knew connections
/// without an id).
const ALWAYS: &[&str] = &["id", "endpoint_name", "connected_at"];

/// How many connections a page has if no number is requested.
const PAGE: usize = 10;

/// The connections, the latest first.
pub(crate) async fn list(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let mut world = answering(&stub)?;
    let size = asked.number("max_results").and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE);
    let below = match asked.text("pagination_token") {
        Some(token) => u64::from_str_radix(token, 32)
            .map_err(|_| Failure::invalid("pagination_token", token, "not a pagination token"))?,
        None => u64::MAX,
    };
    let status = asked.text("status").unwrap_or("active");
    let mut all: Vec<(u64, Value)> = Vec::new();
    if asked.text("endpoints").is_none() || asked.words("endpoints").any(|endpoint| endpoint == ENDPOINT) {
        if status != "inactive" {
            all.extend(world.readers.open().iter().map(active));
        }
        if status != "active" {
            all.extend(world.readers.past().iter().map(inactive));
        }
    }
    all.retain(|(number, _)| *number < below);
    all.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let page: Vec<Value> = all.iter().take(size).map(|(_, connection)| shown(connection, &asked)).collect();
    let mut body = json!({ "meta": { "result_count": page.len() } });
    if let (Some((last, _)), true) = (all.get(size - 1), all.len() > size) {
        body["meta"]["next_token"] = token(*last).into();
    }
    if !page.is_empty() {
        body["data"] = page.into();
    }
    Ok(ok(body))
}

/// Ends all.
pub(crate) async fn end_all(State(stub): State<Stub>) -> Result<Response, Failure> {
    Ok(ok(answering(&stub)?.terminate(|_| true, &[])))
}

/// Ends those to an endpoint.
pub(crate) async fn end_endpoint(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let is_ours = asked.text("endpoint_id") == Some(ENDPOINT);
    Ok(ok(answering(&stub)?.terminate(|_| is_ours, &[])))
}

/// Ends those with these UUIDs.
pub(crate) async fn end_some(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Failure> {
    let uuids: Vec<&str> =
        asked.body["uuids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Ok(ok(answering(&stub)?.terminate(|uuid| uuids.contains(&uuid), &uuids)))
}

/// # Errors
/// These endpoints do not answer for now.
fn answering(stub: &Stub) -> Result<std::sync::MutexGuard<'_, World>, Failure> {
    let world = stub.world();
    match world.faults.status(Part::Connections, Instant::now()) {
        Some((status, left)) => Err(Failure::asked_for(status, left)),
        None => Ok(world),
    }
}

impl World {
    /// Ends the chosen connections, also half-open ones. `requested` are those whose absence is to be reported.
    fn terminate(&mut self, is_chosen: impl Fn(&str) -> bool, requested: &[&str]) -> Value {
        let uuids = self.readers.open().iter().map(|reader| reader.description.uuid.clone());
        let ended: Vec<String> = uuids.filter(|uuid| is_chosen(uuid)).collect();
        self.readers.end(DisconnectReason::Terminated, |reader| ended.contains(&reader.description.uuid));
        let mut results: Vec<Value> =
            ended.iter().map(|uuid| json!({ "uuid": uuid, "success": true })).collect();
        let absent = requested.iter().filter(|uuid| !ended.iter().any(|ended| ended == *uuid));
        results.extend(absent.map(|uuid| {
            json!({ "uuid": uuid, "success": false, "error_message": "There is no active connection with this UUID." })
        }));
        let failed = results.len() - ended.len();
        json!({ "data": { "successful_kills": ended.len(), "failed_kills": failed, "results": results } })
    }
}

fn active(reader: &Connection) -> (u64, Value) {
    (reader.description.number, described(&reader.description))
}

fn inactive(past: &PastConnection) -> (u64, Value) {
    let mut connection = described(&past.description);
    connection["disconnected_at"] = format!("{:.3}", past.disconnected_at).into();
    connection["disconnect_reason"] = json!(past.reason);
    (past.description.number, connection)
}

fn described(description: &Description) -> Value {
    json!({
        "id": description.uuid, "endpoint_name": ENDPOINT, "client_ip": description.client_ip,
        "connected_at": format!("{:.3}", description.connected_at),
    })
}

/// What is shown of a connection.
fn shown(connection: &Value, asked: &Asked) -> Value {
    let is_shown =
        |name: &str| ALWAYS.contains(&name) || asked.words("connection.fields").any(|field| field == name);
    let fields = connection.as_object().into_iter().flatten().filter(|(name, _)| is_shown(name));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}
