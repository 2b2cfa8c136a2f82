//! What the API answers while nothing can be stored, and the check that the data folder still exists.

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

/// How often to check that the data folder still exists.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// An upper bound for the answer of `GET /stream`, which has at most 1,000 keywords of 512 bytes and 120 gaps.
pub(crate) const STREAM_BYTES: usize = 4 * 1024 * 1024;

/// The data folder, and whether it can be written.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
    pub(crate) health: Health,
}

impl Disk {
    fn failure(&self) -> Option<String> {
        let reason = self.health.failure()?;
        Some(format!("nothing can be stored in {}: {reason}", self.folder.display()))
    }
}

/// While nothing can be stored, refuses requests that change something, and reports it in `GET /stream`.
pub(crate) async fn report_failure(State(disk): State<Disk>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && let Some(failure) = disk.failure() {
        return problem(StatusCode::INSUFFICIENT_STORAGE, &failure);
    }
    let is_stream = *request.method() == Method::GET && request.uri().path() == "/stream";
    let answer = next.run(request).await;
    match disk.failure() {
        Some(failure) if is_stream && answer.status().is_success() => as_failed(answer, failure).await,
        // The failure was detected while the request was being served.
        Some(failure) if !reads && answer.status().is_server_error() => {
            problem(StatusCode::INSUFFICIENT_STORAGE, &failure)
        }
        _ => answer,
    }
}

/// The answer of `GET /stream`, with the state `failed` and the reason.
async fn as_failed(answer: Response, failure: String) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(body) = axum::body::to_bytes(body, STREAM_BYTES).await else {
        return problem(StatusCode::INSUFFICIENT_STORAGE, &failure);
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let Ok(mut stream) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    stream["state"] = "failed".into();
    for source in stream.get_mut("sources").and_then(Value::as_array_mut).into_iter().flatten() {
        source["state"] = "failed".into();
    }
    stream["reason"] = failure.into();
    Response::from_parts(parts, Body::from(stream.to_string()))
}

/// Watches the data folder by its lock file. The future ends with an error when the lock file is deleted or replaced.
///
/// # Errors
/// The lock file cannot be read.
pub(crate) fn watch(lock: PathBuf) -> anyhow::Result<impl Future<Output = anyhow::Result<()>>> {
    let original =
        inode(&lock).with_context(|| format!("failed to read the metadata of {}", lock.display()))?;
    Ok(async move {
        loop {
            tokio::time::sleep(CHECK_EVERY).await;
            if inode(&lock).ok() != Some(original) {
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
    async fn a_full_disk_is_reported_and_changes_are_refused_until_it_has_room_again() {
        let disk = Disk { folder: "/data".into(), health: Health::default() };
        let stream = || async { Json(json!({ "state": "running", "reason": null, "keywords": [] })) };
        let router = Router::new()
            .route("/stream", get(stream).post(stream).delete(stream))
            .route("/tweets", get(|| async { Json(json!([])) }))
            .layer(middleware::from_fn_with_state(disk.clone(), report_failure));
        assert_eq!(ask(&router, Method::POST, "/stream").await.0, StatusCode::OK);
        disk.health.note_message("Internal error: database or disk is full");
        let failure = "nothing can be stored in /data: the disk is full";
        for method in [Method::POST, Method::DELETE] {
            let (status, problem) = ask(&router, method, "/stream").await;
            assert_eq!(
                (status, problem["detail"].as_str()),
                (StatusCode::INSUFFICIENT_STORAGE, Some(failure))
            );
        }
        let (status, stream) = ask(&router, Method::GET, "/stream").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(stream, json!({ "state": "failed", "reason": failure, "keywords": [] }));
        assert_eq!(ask(&router, Method::GET, "/tweets").await, (StatusCode::OK, json!([])));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(ask(&router, Method::POST, "/stream").await.0, StatusCode::OK);
        assert_eq!(ask(&router, Method::GET, "/stream").await.1["state"], "running");
    }
}
