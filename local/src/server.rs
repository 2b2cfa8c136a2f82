//! An HTTP server with limits on the number of connections, on how long they may be idle, and on the size of a
//! request's head. Requests are answered however many idle connections other clients hold.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The limit on open connections. Together with the other listener's, the streamer's and the open files, they stay far
/// below 1,024, the common limit on open files.
const CONNECTIONS: usize = 256;

/// How long a connection may be idle or take to send a request's head. Clients such as the SDK close idle connections
/// after 90 s; a longer limit here keeps them from sending on a connection that is being closed.
const IDLE: Duration = Duration::from_secs(120);

/// The largest size of a request's headers, and the largest number of them.
const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 100;

/// Up to these limits, a head that is too large is read and answered with a reason; beyond them, hyper answers 431 and
/// closes the connection.
const HEAD_BYTES_READ: usize = 256 * 1024;
const HEADERS_READ: usize = 512;

/// How often to look for an idle connection while all are busy.
const IDLE_CHECK: Duration = Duration::from_millis(200);

/// The pause after a connection could not be accepted, for example because too many files are open.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is dropped, which closes all connections.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> anyhow::Result<()> {
    let idle = Idle::default();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            // If all are busy, the next waits until one of them ends or becomes idle.
            idle.close_longest();
            let _ = tokio::time::timeout(IDLE_CHECK, connections.join_next()).await;
            continue;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone(), idle.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }
}

/// Serves one connection.
async fn connection(stream: TcpStream, router: Router, idle: Idle) {
    // Answers are written whole, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let place = Place::new(idle);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (router, busy) = (router.clone(), Busy::new(Arc::clone(&place)));
        async move {
            let request = request.map(Body::new);
            let answer = match too_large(&request) {
                Some(refusal) => refusal,
                None => router.oneshot(request).await?,
            };
            Ok::<_, Infallible>(answer.map(|body| Sending { body, _busy: busy }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(HEAD_BYTES_READ);
    let served = http.max_headers(HEADERS_READ).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A connection that breaks is the client's concern, not an error here.
        _ = served => {}
        () = place.closed.cancelled() => {}
    }
    place.leave();
}

/// The refusal of a request whose head is too large; `None` if it is within the limits.
fn too_large(request: &Request) -> Option<Response> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let detail = if headers.len() > HEADERS {
        format!("a request has at most {HEADERS} headers; this one has {}", headers.len())
    } else if bytes > HEAD_BYTES {
        format!("the headers of a request have at most {HEAD_BYTES} bytes; these have {bytes}")
    } else {
        return None;
    };
    Some(problem(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &detail))
}

/// A refusal with its reason, as problem details: <https://www.rfc-editor.org/rfc/rfc9457>
pub(crate) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let problem =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}

/// The idle connections, in the order in which they became idle.
#[derive(Clone, Default)]
struct Idle(Arc<Mutex<Idling>>);

#[derive(Default)]
struct Idling {
    by_age: BTreeMap<u64, CancellationToken>,
    next: u64,
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Idling> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_longest(&self) {
        if let Some((_, connection)) = self.lock().by_age.pop_first() {
            connection.cancel();
        }
    }
}

/// A connection's entry in [`Idle`].
struct Place {
    idle: Idle,
    closed: CancellationToken,
    /// Its key in `by_age`; `None` while it serves a request.
    age: Mutex<Option<u64>>,
}

impl Place {
    fn new(idle: Idle) -> Arc<Self> {
        let place = Self { idle, closed: CancellationToken::new(), age: Mutex::default() };
        place.enter();
        Arc::new(place)
    }

    fn enter(&self) {
        let mut idle = self.idle.lock();
        idle.next += 1;
        let age = idle.next;
        idle.by_age.insert(age, self.closed.clone());
        *self.age.lock().unwrap_or_else(PoisonError::into_inner) = Some(age);
    }

    fn leave(&self) {
        let age = self.age.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(age) = age {
            self.idle.lock().by_age.remove(&age);
        }
    }
}

/// Keeps a connection out of [`Idle`] until its answer is sent.
struct Busy(Arc<Place>);

impl Busy {
    fn new(place: Arc<Place>) -> Self {
        place.leave();
        Self(place)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.enter();
    }
}

/// The body of an answer that is being sent.
struct Sending {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn server() -> (std::net::SocketAddr, tokio_util::task::AbortOnDropHandle<anyhow::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/slow", get(std::future::pending::<String>));
        let handle = tokio::spawn(serve(listener, router));
        (address, tokio_util::task::AbortOnDropHandle::new(handle))
    }

    async fn ask(stream: &mut TcpStream, head: &str) -> String {
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
        let (mut answer, mut some) = (String::new(), [0; 4096]);
        while !answer.contains("here") && !answer.ends_with('}') {
            match stream.read(&mut some).await.unwrap() {
                0 => break,
                read => answer.push_str(std::str::from_utf8(&some[..read]).unwrap()),
            }
        }
        answer
    }

    #[tokio::test]
    async fn a_request_is_answered_while_1100_connections_are_idle_and_a_busy_one_stays_open() {
        let (address, _server) = server().await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        // Wait until it is being served.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut idle = Vec::new();
        // Each takes two files in this process, so only as many as its limit allows are open at a time.
        for _ in 0..1100 {
            idle.push(TcpStream::connect(address).await.unwrap());
            if idle.len() > 350 {
                idle.drain(..90);
            }
        }
        let asked = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream, "GET / HTTP/1.1\r\nhost: a").await
        };
        let answer = tokio::time::timeout(Duration::from_secs(1), asked).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let mut closed = 0;
        for stream in &mut idle {
            let mut byte = [0];
            let read = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut byte)).await;
            closed += usize::from(read.is_ok());
        }
        assert!(idle.len() - closed <= CONNECTIONS, "only {closed} of {} are closed", idle.len());
        let read = tokio::time::timeout(Duration::from_millis(10), slow.read(&mut [0])).await;
        assert!(read.is_err(), "the connection that is being served was closed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_sends_no_complete_request_is_closed_in_the_end() {
        let (address, _server) = server().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        let read = tokio::time::timeout(IDLE * 2, stream.read(&mut [0; 100])).await;
        assert!(read.is_ok());
    }

    #[tokio::test]
    async fn a_request_head_that_is_too_large_is_refused_with_the_limit() {
        let (address, _server) = server().await;
        for (head, limit) in [
            (format!("a: {}", "x".repeat(HEAD_BYTES)), "65536"),
            ((0..200).map(|n| format!("a{n}: b")).collect::<Vec<_>>().join("\r\n"), "100"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let answer = ask(&mut stream, &format!("GET / HTTP/1.1\r\nhost: a\r\n{head}")).await;
            assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
            assert!(answer.contains("application/problem+json") && answer.contains(limit), "{answer}");
        }
    }
}
