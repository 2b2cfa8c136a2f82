//! What a machine says when it can keep nothing: the disk is full, or the data folder is gone.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use crate::aws::Health;
use crate::server::problem;

/// How often the data folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The largest answer of `GET /stream`: 1,000 keywords of 512 bytes, and 120 gaps.
const STREAM_BYTES: usize = 4 * 1024 * 1024;

/// Where what is collected is kept, and whether it can be.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
    pub(crate) health: Health,
}

impl Disk {
    fn complaint(&self) -> Option<String> {
        let reason = self.health.failure()?;
        Some(format!("nothing can be stored in {}: {reason}", self.folder.display()))
    }
}

/// Refuses what would have to be stored while nothing can be, and says so in `GET /stream`.
pub(crate) async fn tell(State(disk): State<Disk>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && let Some(complaint) = disk.complaint() {
        return problem(StatusCode::INSUFFICIENT_STORAGE, &complaint);
    }
    let is_stream = *request.method() == Method::GET && request.uri().path() == "/stream";
    let answer = next.run(request).await;
    match disk.complaint() {
        Some(complaint) if is_stream && answer.status().is_success() => failed(answer, complaint).await,
        // It was found out while the request was being answered.
        Some(complaint) if !reads && answer.status().is_server_error() => {
            problem(StatusCode::INSUFFICIENT_STORAGE, &complaint)
        }
        _ => answer,
    }
}

/// The same answer, of a stream of which nothing can be stored.
async fn failed(answer: Response, complaint: String) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(body) = axum::body::to_bytes(body, STREAM_BYTES).await else {
        return problem(StatusCode::INSUFFICIENT_STORAGE, &complaint);
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let Ok(mut stream) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    stream["state"] = "failed".into();
    stream["reason"] = complaint.into();
    Response::from_parts(parts, Body::from(stream.to_string()))
}

/// Looks after the data folder, as it is now, by the lock in it. It ends when that is gone or another, with an error.
///
/// # Errors
/// There is no lock.
pub(crate) fn watch(lock: PathBuf) -> anyhow::Result<impl Future<Output = anyhow::Result<()>>> {
    let ours = inode(&lock).with_context(|| format!("failed to look at {}", lock.display()))?;
    Ok(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if inode(&lock).ok() != Some(ours) {
                let folder = lock.parent().unwrap_or(&lock).display();
                bail!("the data folder {folder} was deleted or replaced while it was in use");
            }
        }
    })
}

fn inode(path: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use axum::{Json, Router, middleware};
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(router: &Router, method: Method, path: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let (status, body) =
            (answer.status(), axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap());
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_is_told_and_refuses_what_would_be_stored_until_it_is_no_longer_full() {
        let disk = Disk { folder: "/data".into(), health: Health::default() };
        let stream = || async { Json(json!({ "state": "running", "reason": null, "keywords": [] })) };
        let router = Router::new()
            .route("/stream", get(stream).post(stream).delete(stream))
            .route("/tweets", get(|| async { Json(json!([])) }))
            .layer(middleware::from_fn_with_state(disk.clone(), tell));
        assert_eq!(ask(&router, Method::POST, "/stream").await.0, StatusCode::OK);
        disk.health.note_words("Internal error: database or disk is full");
        let complaint = "nothing can be stored in /data: the disk is full";
        for method in [Method::POST, Method::DELETE] {
            let (status, problem) = ask(&router, method, "/stream").await;
            assert_eq!(
                (status, problem["detail"].as_str()),
                (StatusCode::INSUFFICIENT_STORAGE, Some(complaint))
            );
        }
        let (status, stream) = ask(&router, Method::GET, "/stream").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(stream, json!({ "state": "failed", "reason": complaint, "keywords": [] }));
        assert_eq!(ask(&router, Method::GET, "/tweets").await, (StatusCode::OK, json!([])));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(ask(&router, Method::POST, "/stream").await.0, StatusCode::OK);
        assert_eq!(ask(&router, Method::GET, "/stream").await.1["state"], "running");
    }
}
