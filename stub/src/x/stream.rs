//! `GET /2/tweets/search/stream`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::answer::Failure;
use super::description::{Asked, Spelling};
use super::hydrate::Wanted;
use super::reading::Reading;
use crate::clock::now;
use crate::options::Account;
use crate::stub::Stub;
use crate::world::chunk::LINES_BUFFERED;
use crate::world::connection::{Connection, Description, Slot};
use crate::world::faults::Part;
use crate::world::uuid::uuid;

/// How far back an Enterprise account may recover.
/// <https://docs.x.com/x-api/fundamentals/recovery-and-redundancy>
const RECOVERABLE: SignedDuration = SignedDuration::from_hours(24);

/// `GET /2/tweets/search/stream`: the stream, or with `start_time` and `end_time` what it delivered then.
pub(crate) async fn connect(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let spelling = stub.world().dialect.answered(Spelling::Posts);
    let wanted = Wanted::new(&asked, spelling);
    for parameter in ["backfill_minutes", "start_time", "end_time"] {
        if let Some(value) = asked.text(parameter).filter(|_| stub.inner.account == Account::PayPerUse) {
            let message = format!("The `{parameter}` query parameter is not part of your plan");
            return Err(Failure::invalid(parameter, value, &message));
        }
    }
    if let Some((start, end)) = recovery(&asked)? {
        if let Some((status, left)) = stub.world().faults.status(Part::Recovery, Instant::now()) {
            return Err(Failure::asked_for(status, left));
        }
        return Ok(recover(&stub, &wanted, start, end));
    }
    let (sender, lines) = mpsc::channel(LINES_BUFFERED);
    let waiting = Arc::new(AtomicUsize::new(0));
    let number = {
        let mut world = stub.world();
        if world.rules.is_empty() {
            return Err(no_rules());
        }
        match world.readers.slot() {
            Slot::Free => {}
            Slot::Taken => {
                world.refusals += 1;
                return Err(too_many_connections());
            }
            Slot::HalfOpen => {
                world.slot_refusals += 1;
                return Err(too_many_connections());
            }
        }
        world.connected += 1;
        let number = world.connected;
        let client_ip = client.ip().to_string();
        let description = Description { number, uuid: uuid(), client_ip, connected_at: now() };
        world.readers.add(Connection {
            description,
            wanted: wanted.clone(),
            lines: sender,
            waiting: Arc::clone(&waiting),
            taken_until: None,
            silent: false,
        });
        let minutes = asked.number("backfill_minutes").unwrap_or_default();
        world.backfill(number, &wanted, Duration::from_secs(60 * minutes));
        number
    };
    stub.inner.connected.notify_one();
    let gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("gzip"));
    let reading = Reading::new(stub, number, lines, waiting, gzip);
    let mut headers = HeaderMap::from_iter([content_type()]);
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok((headers, Body::from_stream(reading)).into_response())
}

fn content_type() -> (header::HeaderName, HeaderValue) {
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))
}

/// The period to be recovered, if one is requested.
fn recovery(asked: &Asked) -> Result<Option<(Timestamp, Timestamp)>, Failure> {
    let (start, end) = match (asked.time("start_time"), asked.time("end_time")) {
        (None, None) => return Ok(None),
        (Some(start), Some(end)) => (start, end),
        (None, Some(_)) => return Err(Failure::invalid("start_time", "", "'start_time' is missing")),
        (Some(_), None) => return Err(Failure::invalid("end_time", "", "'end_time' is missing")),
    };
    let horizon = now() - RECOVERABLE;
    if start < horizon {
        let message = format!("'start_time' must be on or after [{horizon:.0}]");
        return Err(Failure::invalid("start_time", &start.to_string(), &message));
    }
    if end <= start || end > now() {
        let message = "'end_time' must be after 'start_time', and not in the future";
        return Err(Failure::invalid("end_time", &end.to_string(), message));
    }
    Ok(Some((start, end)))
}

/// Delivers what matched in a period, and ends.
fn recover(stub: &Stub, wanted: &Wanted, start: Timestamp, end: Timestamp) -> Response {
    let lines = stub.world().matched_between(start, end, wanted);
    let stub = stub.clone();
    let lines = lines.into_iter().map(move |line| {
        stub.world().delivered(&line.delivery);
        Ok::<_, std::io::Error>(line.bytes)
    });
    ([content_type()], Body::from_stream(futures::stream::iter(lines))).into_response()
}

fn too_many_connections() -> Failure {
    Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        json!({
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
            "type": "https://api.x.com/2/problems/streaming-connection",
        }),
    )
}

/// <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>: a stream has no rules.
fn no_rules() -> Failure {
    Failure::new(
        StatusCode::CONFLICT,
        json!({
            "title": "ConnectionException",
            "detail": "You must define at least one rule before connecting to the stream.",
            "connection_issue": "RuleConfigurationIssue",
            "type": "https://api.x.com/2/problems/streaming-connection",
        }),
    )
}
