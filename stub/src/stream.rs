//! `GET /2/tweets/search/stream`.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::answer::{Authorized, Failure, limit_headers, within_limit};
use crate::chunk::{Chunk, LINES_BUFFERED};
use crate::connection::{Connection, Slot};
use crate::limits::Endpoint;
use crate::rules::invalid_query;
use crate::stub::Stub;

#[derive(Deserialize)]
pub(crate) struct Parameters {
    backfill_minutes: Option<u8>,
    // The stub ignores which fields are requested, and sends what it has.
}

pub(crate) async fn connect(
    State(stub): State<Stub>,
    _: Authorized,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(parameters) = parameters.map_err(|error| invalid_query(&error))?;
    if let Some(minutes) = parameters.backfill_minutes.filter(|minutes| *minutes > 5 || !stub.inner.backfill)
    {
        let message = "backfill is 0 to 5 minutes, and not part of every plan";
        return Err(Failure::invalid("backfill_minutes", &minutes.to_string(), message));
    }
    let standing = within_limit(&stub, Endpoint::Stream)?;
    let (sender, lines) = mpsc::channel(LINES_BUFFERED);
    let waiting = Arc::new(AtomicUsize::new(0));
    let number = {
        let mut world = stub.world();
        let slot = world.slot();
        if slot != Slot::Free {
            world.refusals += u64::from(slot == Slot::Taken);
            return Err(too_many_connections().with(standing));
        }
        world.connections += 1;
        let number = world.connections;
        let waiting = Arc::clone(&waiting);
        world.connection =
            Some(Connection { number, lines: sender, waiting, taken_until: None, silent: false });
        world.backfill(Duration::from_secs(60 * u64::from(parameters.backfill_minutes.unwrap_or(0))));
        number
    };
    stub.inner.connected.notify_one();
    let gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("gzip"));
    let mut keep_alive =
        tokio::time::interval_at(Instant::now() + stub.inner.keep_alive, stub.inner.keep_alive);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reading = Reading {
        number,
        lines,
        waiting,
        keep_alive,
        gzip: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
        ended: Box::pin(stub.inner.ended.clone().cancelled_owned()),
        cut: false,
        over: false,
        stub,
    };
    let mut headers = limit_headers(standing);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok((headers, Body::from_stream(reading)).into_response())
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

/// The body of a stream. Dropping it (the reader has gone) frees the slot.
struct Reading {
    stub: Stub,
    number: u64,
    lines: mpsc::Receiver<Chunk>,
    /// How many bytes wait in them.
    waiting: Arc<AtomicUsize>,
    keep_alive: Interval,
    gzip: Option<GzEncoder<Vec<u8>>>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    cut: bool,
    over: bool,
}

impl Reading {
    fn is_silent(&self) -> bool {
        let world = self.stub.world();
        world
            .connection
            .as_ref()
            .is_some_and(|connection| connection.number == self.number && connection.silent)
    }

    /// Bytes as they are sent; flushed, so that the reader has them immediately.
    fn encode(&mut self, bytes: Bytes) -> std::io::Result<Bytes> {
        let Some(gzip) = &mut self.gzip else { return Ok(bytes) };
        gzip.write_all(&bytes)?;
        gzip.flush()?;
        Ok(Bytes::from(std::mem::take(gzip.get_mut())))
    }
}

impl Stream for Reading {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if self.ended.as_mut().poll(context).is_ready() {
            self.over = true;
            return Poll::Ready(None);
        }
        if self.cut {
            self.over = true;
            self.stub.world().reader_left(self.number);
            // An error ends the connection without the last chunk of chunked encoding.
            return Poll::Ready(Some(Err(std::io::Error::other("cut on request"))));
        }
        match self.lines.poll_recv(context) {
            Poll::Ready(Some(Chunk::Bytes(bytes, sequences))) => {
                self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                self.stub.world().delivered(&sequences);
                self.keep_alive.reset();
                let bytes = self.encode(bytes);
                Poll::Ready(Some(bytes))
            }
            Poll::Ready(Some(Chunk::Cut)) => {
                // Only an idle body is flushed: what was sent before the cut must get out first.
                self.cut = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(None) => {
                self.over = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                while self.keep_alive.poll_tick(context).is_ready() {
                    if !self.is_silent() {
                        let bytes = self.encode(Bytes::from_static(b"\r\n"));
                        return Poll::Ready(Some(bytes));
                    }
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stub.world().reader_left(self.number);
    }
}
