//! Where ids are uploaded and results are fetched. X has this at Google Cloud Storage: it takes no token, but a
//! signature in the address.

use std::collections::HashSet;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::clock::now;
use crate::stub::Stub;
use crate::world::faults::Part;
use crate::world::jobs::Refused;
use crate::x::answer::Failure;

/// The largest upload: so many different ids in so many bytes.
const UPLOAD_IDS: usize = 800_000;
const UPLOAD_BYTES: usize = 16 * 1024 * 1024;

#[derive(Deserialize)]
pub(crate) struct Signed {
    #[serde(default)]
    signature: String,
}

/// `PUT /storage/{job}/submission?signature=…`: the ids of a job, one a line. What is no id is passed over, as an
/// unknown id is.
pub(crate) async fn upload(
    State(stub): State<Stub>,
    Path(job): Path<u64>,
    Query(Signed { signature }): Query<Signed>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some((status, left)) = stub.world().faults.status(Part::Uploads, Instant::now()) {
        return Failure::asked_for(status, left).into_response();
    }
    // X signs the type too: `X-Goog-SignedHeaders=content-type;host`.
    // <https://github.com/xdevplatform/compliant-client>
    if headers.get(header::CONTENT_TYPE).is_none_or(|own| own != "text/plain") {
        return refused(Refused::WrongSecret);
    }
    {
        let mut world = stub.settled();
        if let Err(reason) = world.jobs.takes_ids(job, &signature) {
            return refused(reason);
        }
    }
    let ids = to_bytes(body, UPLOAD_BYTES).await.ok().and_then(|body| ids_in(&body));
    let Some(ids) = ids else {
        return error(
            StatusCode::BAD_REQUEST,
            "EntityTooLarge",
            "The upload is too large, or did not arrive.",
        );
    };
    let mut world = stub.settled();
    let fails = world.jobs.takes_ids(job, &signature).is_ok() && world.faults.take_job_failure();
    match world.jobs.upload(job, &signature, ids, now(), stub.inner.job_duration, fails) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reason) => refused(reason),
    }
}

/// The ids in an upload, each once, in their order; none if there are too many.
fn ids_in(body: &[u8]) -> Option<Vec<u64>> {
    let mut seen = HashSet::new();
    let lines = body.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let ids = lines.filter_map(|line| line.trim().parse().ok()).filter(|id| seen.insert(*id));
    let ids: Vec<u64> = ids.take(UPLOAD_IDS + 1).collect();
    (ids.len() <= UPLOAD_IDS).then_some(ids)
}

/// `GET /storage/{job}/delivery?signature=…`: the result of a job, a JSON object a line.
/// <https://docs.x.com/x-api/compliance/batch-compliance/quickstart>
pub(crate) async fn download(
    State(stub): State<Stub>,
    Path(job): Path<u64>,
    Query(Signed { signature }): Query<Signed>,
) -> Response {
    let world = stub.settled();
    let found = match world.jobs.result(job, &signature, now(), &world.redactions) {
        Ok(found) => found,
        Err(reason) => return refused(reason),
    };
    let lines = found.iter().map(|(id, redacted)| {
        let line = json!({
            "id": id.to_string(), "action": "delete", "created_at": format!("{:.3}", redacted.created_at),
            "redacted_at": format!("{:.3}", redacted.redaction.at), "reason": redacted.redaction.reason,
        });
        format!("{line}\n")
    });
    let mut text = lines.collect::<String>();
    if world.faults.are_results_strange(Instant::now()) {
        text = strange(&text);
    }
    ([(header::CONTENT_TYPE, "text/plain")], text).into_response()
}

/// A result with lines around it that it should not hold; the last of its own ids is to go for a new reason.
fn strange(text: &str) -> String {
    let long = "x".repeat(100_000);
    let (rest, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    let last: serde_json::Value = serde_json::from_str(last).unwrap_or_default();
    let new_reason = json!({ "id": last["id"], "action": "delete", "reason": "a new reason" });
    format!(
        "{{\"id\":\"1\",\"acti\n\n{long}\n{{\"action\":\"delete\",\"reason\":\"deleted\"}}\n\
         {{\"id\":\"1\",\"action\":\"delete\",\"reason\":\"deleted\"}}\n\
         {{\"id\":\"mastodon.example:1\",\"action\":\"delete\",\"reason\":\"deleted\"}}\n\
         {rest}\n{{\"id\":{},\"action\":\"a new action\",\"reason\":\"new\"}}\n{new_reason}",
        last["id"]
    )
}

/// <https://docs.cloud.google.com/storage/docs/xml-api/reference-status>
fn refused(reason: Refused) -> Response {
    let (status, code, message) = match reason {
        Refused::WrongSecret => {
            (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "The signature does not match the request.")
        }
        Refused::Uploaded => {
            (StatusCode::FORBIDDEN, "AccessDenied", "The object exists, and may not be replaced.")
        }
        Refused::Expired => (StatusCode::BAD_REQUEST, "ExpiredToken", "The signature has expired."),
        Refused::NoResult => (StatusCode::NOT_FOUND, "NoSuchKey", "The object does not exist."),
    };
    error(status, code, message)
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml; charset=UTF-8")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_its_ids_each_once_and_not_more_than_may_be() {
        assert_eq!(ids_in(b"3\r\n1\n\nnonsense\n-1\n\xff\n3\n 2"), Some(vec![3, 1, 2]));
        let ids = |count: usize| (0..count).map(|id| format!("{id}\n")).collect::<String>();
        assert!(ids_in(ids(UPLOAD_IDS).as_bytes()).is_some());
        assert_eq!(ids_in(ids(UPLOAD_IDS + 1).as_bytes()), None);
    }
}
