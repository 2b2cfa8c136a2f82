//! Faults on request: makes calls to the endpoint fail.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use tokio::sync::Notify;

/// The largest request, 16 MB: DynamoDB's limit.
pub(super) const BODY_BYTES: usize = 16 * 1024 * 1024;

/// The fate of a call.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// It fails before it takes effect.
    FailsBefore,
    /// It takes effect, and its answer is lost.
    FailsAfter,
    /// It takes no effect, and is never answered.
    Hangs,
    /// It takes effect, this is notified, and the call is never answered: to kill the caller at this point.
    Unheard(Arc<Notify>),
}

/// A call to the endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The operation, such as `SendMessageBatch`.
    pub operation: String,
    /// The table or queue, if the request names one.
    pub resource: Option<String>,
    /// The caller: `streamer`, `consumer`, `read`, `control`, `minute`, `authorizer`, or another client of the
    /// endpoint.
    pub caller: String,
    /// The body of the request; `null` if it is not JSON.
    pub request: Value,
}

/// Decides the fate of a call.
type Judge = dyn FnMut(&Call) -> Fate + Send;

/// Makes calls to the endpoint fail on request. Initially, none does.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Box<Judge>>>>);

impl Faults {
    /// From now on, `judge` decides the fate of each call.
    pub fn judge(&self, judge: impl FnMut(&Call) -> Fate + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(judge));
    }

    /// From now on, calls are answered again.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn is_active(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn fate(&self, call: &Call) -> Fate {
        let mut judge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        judge.as_mut().map_or(Fate::Answered, |judge| judge(call))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults { .. }")
    }
}

/// Middleware that makes calls fail.
pub(super) async fn fail_on_request(
    State(faults): State<Faults>,
    request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    if !faults.is_active() {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let fate = faults.fate(&call(&parts, &body));
    let request = Request::from_parts(parts, body.into());
    match fate {
        Fate::Answered => Ok(next.run(request).await),
        Fate::FailsBefore => Err(StatusCode::SERVICE_UNAVAILABLE),
        Fate::FailsAfter => {
            next.run(request).await;
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
        Fate::Hangs => std::future::pending().await,
        Fate::Unheard(effective) => {
            next.run(request).await;
            effective.notify_one();
            std::future::pending().await
        }
    }
}

/// The call that a request makes. The JSON protocols name the operation in a header, the CBOR protocol in the path.
fn call(parts: &Parts, body: &[u8]) -> Call {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation =
        target.map_or_else(|| parts.uri.path().rsplit('/').next(), |target| target.rsplit('.').next());
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let resource = request["TableName"].as_str().or_else(|| request["QueueUrl"].as_str()?.rsplit('/').next());
    let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    // `AWS4-HMAC-SHA256 Credential=streamer/20261123/us-east-1/sqs/aws4_request, …`
    let credential = authorization.and_then(|value| value.split_once("Credential="));
    let caller = credential.and_then(|(_, credential)| credential.split('/').next());
    Call {
        operation: operation.unwrap_or_default().to_owned(),
        resource: resource.map(str::to_owned),
        caller: caller.unwrap_or_default().to_owned(),
        request,
    }
}
