//! Batch compliance: jobs, uploads and results.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::client::{SEARCH, X};

const JOBS: &str = "/2/compliance/jobs";

/// A stub whose jobs take this many milliseconds, with the ids of ten posts about zebras.
async fn with_posts(job_ms: u64) -> (X, Vec<String>) {
    let x = X::with(|options| {
        options.rate = 500.0;
        options.job_duration = Duration::from_millis(job_ms);
    })
    .await;
    x.add("zebra").await;
    x.until("/control/posts", |all| all["posts"].as_array().unwrap().len() > 50).await;
    x.control("rate", json!({ "rate": 0 })).await;
    let page = x.json(&format!("{SEARCH}&max_results=10")).await;
    let ids = page["data"].as_array().unwrap().iter().map(|post| post["id"].as_str().unwrap().to_owned());
    let ids = ids.collect();
    (x, ids)
}

async fn create(x: &X) -> Value {
    let (status, answer) = x.post(JOBS, json!({ "type": "tweets", "name": "mine" })).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

/// Uploads to an address, without a token. Returns the status.
async fn upload(x: &X, url: &str, ids: &str) -> StatusCode {
    x.http.put(url).header(CONTENT_TYPE, "text/plain").body(ids.to_owned()).send().await.unwrap().status()
}

async fn has_status(x: &X, job: &Value, status: &str) {
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    x.until(&path, |answer| answer["data"]["status"] == status).await;
}

/// Fetches a result, without a token.
async fn download(x: &X, job: &Value) -> (StatusCode, String) {
    let answer = x.http.get(job["download_url"].as_str().unwrap()).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_job_says_of_each_id_what_was_taken_back_and_nothing_of_the_others() {
    let (x, ids) = with_posts(100).await;
    let reasons = ["deleted", "bounced", "scrub_geo"];
    for (id, reason) in ids.iter().zip(reasons) {
        x.control("takedowns", json!({ "id": id, "reason": reason })).await;
    }
    let job = create(&x).await;
    assert_eq!(
        (&job["status"], &job["type"], &job["name"]),
        (&json!("created"), &json!("tweets"), &json!("mine"))
    );
    assert!(job["resumable"].is_null());
    let time = |name: &str| job[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("upload_expires_at").duration_since(time("created_at")).as_mins(), 15);
    assert_eq!(time("download_expires_at").duration_since(time("created_at")).as_hours(), 7 * 24);
    assert_eq!(download(&x, &job).await.0, 404, "there is no result yet");

    let url = job["upload_url"].as_str().unwrap();
    let lines = format!("{}\r\nnonsense\n\n1\n-1\n99999999999999999999999\n", ids.join("\n"));
    assert_eq!(upload(&x, url, &lines).await, 200);
    let path = format!("{JOBS}/{}?compliance_job.fields=resumable", job["id"].as_str().unwrap());
    assert_eq!(x.json(&path).await["data"]["resumable"], false);
    has_status(&x, &job, "complete").await;
    let (status, text) = download(&x, &job).await;
    assert_eq!(status, 200);
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for ((line, id), reason) in found.iter().zip(&ids).zip(reasons) {
        let fields: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["action", "created_at", "id", "reason", "redacted_at"]);
        assert_eq!((&line["id"], &line["reason"]), (&json!(id), &json!(reason)));
        assert_eq!(line["action"], "delete");
        assert!(line["created_at"].as_str().unwrap() < line["redacted_at"].as_str().unwrap());
    }
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn an_author_who_is_suspended_is_found_by_the_job_about_users() {
    let (x, ids) = with_posts(0).await;
    let post = x.json(&format!("/2/tweets?ids={}&expansions=author_id", ids[0])).await;
    let author = post["data"][0]["author_id"].as_str().unwrap();
    x.control("takedowns", json!({ "id": ids[0], "reason": "suspended" })).await;
    let (_, answer) = x.post(JOBS, json!({ "type": "users" })).await;
    let job = answer["data"].clone();
    assert!(job["name"].is_null());
    upload(&x, job["upload_url"].as_str().unwrap(), &format!("{author}\n{}", ids[0])).await;
    has_status(&x, &job, "complete").await;
    let text = download(&x, &job).await.1;
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&line["id"], &line["reason"]), (&json!(author), &json!("suspended")));
}

#[tokio::test]
async fn one_job_runs_at_a_time_and_jobs_are_listed_by_type_and_status() {
    let (x, _) = with_posts(0).await;
    assert_eq!(x.json(&format!("{JOBS}?type=tweets")).await, json!({ "meta": { "result_count": 0 } }));
    let first = create(&x).await;
    let (status, answer) = x.post(JOBS, json!({ "type": "tweets" })).await;
    assert_eq!((status, &answer["title"]), (409, &json!("Conflict")));
    assert_eq!(x.json(&format!("{JOBS}?type=tweets&status=created")).await["data"], json!([first]));
    upload(&x, first["upload_url"].as_str().unwrap(), "").await;
    has_status(&x, &first, "complete").await;
    assert_eq!(download(&x, &first).await, (StatusCode::OK, String::new()));
    let second = create(&x).await;
    let all = x.json(&format!("{JOBS}?type=tweets")).await;
    assert_eq!(all["meta"]["result_count"], 2);
    assert_eq!((&all["data"][0]["id"], &all["data"][1]["id"]), (&second["id"], &first["id"]));
    assert_eq!(x.json(&format!("{JOBS}?type=tweets&status=created")).await["meta"]["result_count"], 1);
    assert_eq!(x.json(&format!("{JOBS}?type=users")).await["meta"]["result_count"], 0);
    let (status, unknown) = x.answer(&format!("{JOBS}/1")).await;
    assert_eq!((status, &unknown["errors"][0]["title"]), (200, &json!("Not Found Error")));
    assert_eq!(x.answer(JOBS).await.0, 400, "the type is required");
    let (status, answer) = x.post(JOBS, json!({ "type": "tweets", "resumable": true })).await;
    assert!(status == 400 && answer.to_string().contains("no resumable uploads"), "{answer}");
}

#[tokio::test]
async fn an_address_is_worth_nothing_without_its_signature_and_takes_ids_once() {
    let (x, ids) = with_posts(60_000).await;
    let job = create(&x).await;
    let url = job["upload_url"].as_str().unwrap();
    let (address, _) = url.split_once('?').unwrap();
    assert_eq!(upload(&x, address, &ids[0]).await, 403);
    assert_eq!(upload(&x, &format!("{address}?signature=guessed"), &ids[0]).await, 403);
    let untyped = x.http.put(url).body(ids[0].clone()).send().await.unwrap();
    assert_eq!(untyped.status(), 403, "the type is signed too");
    assert!(untyped.text().await.unwrap().contains("<Code>SignatureDoesNotMatch</Code>"));
    assert_eq!(upload(&x, url, &ids[0]).await, 200);
    assert_eq!(upload(&x, url, &ids[0]).await, 403, "a second time");
    has_status(&x, &job, "in_progress").await;
    let result = job["download_url"].as_str().unwrap();
    assert_eq!(x.http.get(&result[..result.len() - 1]).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn uploads_and_jobs_fail_on_request() {
    let (x, ids) = with_posts(0).await;
    let job = create(&x).await;
    let url = job["upload_url"].as_str().unwrap();
    x.fault(json!({ "fault": "upload-status", "status": 503, "seconds": 60 })).await;
    assert_eq!(upload(&x, url, &ids[0]).await, 503);
    has_status(&x, &job, "created").await;
    x.fault(json!({ "fault": "upload-status", "status": 503, "seconds": 0 })).await;
    x.fault(json!({ "fault": "job-fails" })).await;
    assert_eq!(upload(&x, url, &ids[0]).await, 200);
    has_status(&x, &job, "failed").await;
    assert_eq!(download(&x, &job).await.0, 404);
    let job = create(&x).await;
    upload(&x, job["upload_url"].as_str().unwrap(), &ids[0]).await;
    has_status(&x, &job, "complete").await;
}
