//! What every request to X's API must pass: the token, the faults, the rate limit, the credits, the
//! description.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::answer::Failure;
use super::description::{Asked, Operation, Price, check, find, not_found};
use super::refusal::refusal;
use crate::clock::now;
use crate::stub::Stub;
use crate::world::faults::Part;
use crate::world::limits::Standing;

/// The largest body of a request, in bytes.
const BODY_BYTES: usize = 8 * 1024 * 1024;

/// Passes on a request that X would take, with what it asks for as an extension; answers every other as X does.
pub(crate) async fn guard(State(stub): State<Stub>, request: Request, next: Next) -> Response {
    let delay = stub.world().faults.delay(Instant::now());
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    let (parts, body) = request.into_parts();
    let (operation, standing) = match admit(&stub, &parts) {
        Ok(admitted) => admitted,
        Err(failure) => return failure.into_response(),
    };
    let mut answer = if standing.allowed {
        let answer = answer(&stub, operation, parts, body, next).await;
        answer.unwrap_or_else(IntoResponse::into_response)
    } else {
        stub.world().refusals += 1;
        Failure::too_many_requests().into_response()
    };
    answer.headers_mut().extend(limit_headers(standing));
    answer
}

/// The answer to a request within the rate limit, which is charged if it succeeds.
async fn answer(
    stub: &Stub,
    operation: &Operation,
    mut parts: Parts,
    body: Body,
    next: Next,
) -> Result<Response, Failure> {
    if operation.price != Price::Free
        && let Some(exhausted) = stub.world().billing.exhausted(now())
    {
        return Err(refusal(exhausted));
    }
    parts.extensions.insert(read(stub, operation, &parts, body).await?);
    let answer = next.run(Request::from_parts(parts, Body::empty())).await;
    if let (Price::Request(micro_dollars), true) = (operation.price, answer.status().is_success()) {
        stub.world().requested(micro_dollars);
    }
    Ok(answer)
}

/// Counts the request, if it bears the right token and no fault keeps the stub from answering.
fn admit(stub: &Stub, parts: &Parts) -> Result<(&'static Operation, Standing), Failure> {
    let expected = format!("Bearer {}", stub.inner.token);
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(expected.as_str()) {
        return Err(Failure::unauthorized());
    }
    let mut world = stub.world();
    if let Some((status, left)) = world.faults.status(Part::Everything, Instant::now()) {
        return Err(Failure::asked_for(status, left));
    }
    let operation =
        find(&parts.method, parts.uri.path()).ok_or_else(|| not_found(&parts.method, parts.uri.path()))?;
    Ok((operation, world.limits.count(operation, Instant::now())))
}

/// What the request asks for.
async fn read(stub: &Stub, operation: &Operation, parts: &Parts, body: Body) -> Result<Asked, Failure> {
    let body = to_bytes(body, BODY_BYTES)
        .await
        .map_err(|_| Failure::invalid("body", "", "The request body is too large, or did not arrive"))?;
    let dialect = stub.world().dialect;
    check(operation, dialect, parts.uri.path(), parts.uri.query().unwrap_or_default(), &body)
}

/// The headers that every answer carries.
fn limit_headers(standing: Standing) -> HeaderMap {
    HeaderMap::from_iter([
        (HeaderName::from_static("x-rate-limit-limit"), HeaderValue::from(standing.limit)),
        (HeaderName::from_static("x-rate-limit-remaining"), HeaderValue::from(standing.remaining)),
        (HeaderName::from_static("x-rate-limit-reset"), HeaderValue::from(standing.reset)),
    ])
}
