//! Faults on request: what becomes of the calls to the endpoint.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// It fails before it takes effect.
    FailsBefore,
}

/// Decides what becomes of a call, given its operation as in `SendMessageBatch`.
type Judge = dyn FnMut(&str) -> Fate + Send;

/// Makes calls to the endpoint fail on request; at first none does.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Box<Judge>>>>);

impl Faults {
    /// From now on this decides what becomes of each call.
    pub fn judge(&self, judge: impl FnMut(&str) -> Fate + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(judge));
    }

    /// From now on calls are answered again.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fate(&self, operation: &str) -> Fate {
        let mut judge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        judge.as_mut().map_or(Fate::Answered, |judge| judge(operation))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults { .. }")
    }
}

/// The middleware that makes calls fail.
pub(super) async fn fail_on_request(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    match faults.fate(operation(&request)) {
        Fate::Answered => next.run(request).await,
        Fate::FailsBefore => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Which operation a request asks for: JSON protocols name it in a header, CBOR's in the path.
fn operation(request: &Request) -> &str {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let name =
        target.map_or_else(|| request.uri().path().rsplit('/').next(), |target| target.rsplit('.').next());
    name.unwrap_or_default()
}
