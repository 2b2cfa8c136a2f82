//! Batch compliance: `POST` and `GET /2/compliance/jobs`, `GET /2/compliance/jobs/{id}`, and where ids and results
//! are stored.

pub(crate) mod storage;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Failure, ok};
use super::description::Asked;
use crate::clock::now;
use crate::stub::Stub;
use crate::world::jobs::{Job, JobKind};

/// Creates a job.
pub(crate) async fn create(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if asked.body["resumable"] == true {
        return Err(Failure::invalid("resumable", "true", "The stub has no resumable uploads."));
    }
    let kind = asked.body["type"].as_str().and_then(kind_of).unwrap_or(JobKind::Tweets);
    let name = asked.body["name"].as_str().map(str::to_owned);
    let mut world = stub.settled();
    let now = now();
    let id = world.ids.next(now);
    match world.jobs.create(id, kind, name, now) {
        Some(job) => Ok(ok(json!({ "data": shown(job, &asked, &headers) }))),
        None => Err(Failure::new(
            StatusCode::CONFLICT,
            json!({
                "title": "Conflict", "detail": "You can run one batch job at a time.", "type": "about:blank",
                "status": 409,
            }),
        )),
    }
}

/// The jobs of a type, the latest first.
pub(crate) async fn list(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
    headers: HeaderMap,
) -> Response {
    let world = stub.settled();
    let (kind, status) = (asked.text("type").and_then(kind_of), asked.text("status"));
    let jobs = world.jobs.iter().rev().filter(|job| kind.is_none_or(|kind| job.kind == kind));
    let jobs = jobs.filter(|job| status.is_none_or(|status| job.status() == status));
    let jobs: Vec<Value> = jobs.map(|job| shown(job, &asked, &headers)).collect();
    let mut body = json!({ "meta": { "result_count": jobs.len() } });
    if !jobs.is_empty() {
        body["data"] = jobs.into();
    }
    ok(body)
}

/// A job. To an unknown id X answers 200 with an error in the body, as its own Playground has it.
pub(crate) async fn by_id(
    State(stub): State<Stub>,
    Extension(asked): Extension<Asked>,
    headers: HeaderMap,
) -> Response {
    let world = stub.settled();
    let id = asked.text("id").unwrap_or_default();
    match world.jobs.iter().find(|job| job.id.to_string() == id) {
        Some(job) => ok(json!({ "data": shown(job, &asked, &headers) })),
        None => ok(json!({ "errors": [{
            "value": id, "resource_id": id, "resource_type": "compliance_job", "parameter": "id",
            "title": "Not Found Error", "detail": format!("Could not find compliance_job with id: [{id}]."),
            "type": "https://api.x.com/2/problems/resource-not-found",
        }] })),
    }
}

fn kind_of(name: &str) -> Option<JobKind> {
    match name {
        "tweets" => Some(JobKind::Tweets),
        "users" => Some(JobKind::Users),
        _ => None,
    }
}

/// What is shown of a job: what X's SDK requires of it in any case, and whether it is resumable if that is requested.
/// Its addresses are on the host that the request was sent to.
fn shown(job: &Job, asked: &Asked, headers: &HeaderMap) -> Value {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let address =
        |what: &str, secret: &str| format!("http://{host}/storage/{}/{what}?signature={secret}", job.id);
    let mut shown = json!({
        "id": job.id.to_string(), "type": job.kind, "status": job.status(),
        "created_at": format!("{:.3}", job.created_at),
        "upload_url": address("submission", &job.upload_secret),
        "upload_expires_at": format!("{:.3}", job.upload_expires_at()),
        "download_url": address("delivery", &job.download_secret),
        "download_expires_at": format!("{:.3}", job.download_expires_at()),
    });
    if let Some(name) = &job.name {
        shown["name"] = name.clone().into();
    }
    if asked.words("compliance_job.fields").any(|field| field == "resumable") {
        shown["resumable"] = false.into();
    }
    shown
}
