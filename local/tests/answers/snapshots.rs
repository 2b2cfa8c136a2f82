//! Snapshots of the API's answers, good and bad, for each endpoint: clients depend on them.

use std::fmt::Write as _;

use local::Fate;
use serde_json::Value;

use crate::world::{Answer, World, post};

/// The fields that differ from one run to the next.
const VARYING: [&str; 7] = ["startedAt", "missingFrom", "since", "until", "id", "version", "notBefore"];

/// The answers to these requests, sent one after another, each with an optional body.
async fn answers(world: &World, requests: &[(&str, Option<&str>)]) -> String {
    let mut written = String::new();
    for (request, body) in requests {
        let answer = world.ask_with(request, *body, None).await;
        let shown = body.map(|body| format!(" {}", if body.len() > 200 { "(long)" } else { body }));
        let request = if request.len() > 200 { &request[..60] } else { request };
        writeln!(written, "{request}{}\n{}\n", shown.unwrap_or_default(), format_answer(&answer)).unwrap();
    }
    written
}

fn format_answer(answer: &Answer) -> String {
    let mut shown = format!("{} {}", answer.status, answer.header("content-type"));
    for name in ["allow", "retry-after", "www-authenticate", "link"] {
        let value = answer.header(name);
        if !value.is_empty() {
            write!(shown, "\n{name}: {value}").unwrap();
        }
    }
    match serde_json::from_str::<Value>(&answer.text) {
        Ok(mut json) if answer.header("content-type").contains("json") => {
            mask(&mut json);
            write!(shown, "\n{}", serde_json::to_string_pretty(&json).unwrap()).unwrap();
        }
        _ => write!(shown, "\n{}", answer.text).unwrap(),
    }
    shown
}

/// Replaces the fields that vary with a placeholder.
fn mask(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                // A check may have been made by then, or not.
                if name == "compliance" || VARYING.contains(&name.as_str()) && !value.is_null() {
                    *value = "[moving]".into();
                }
                if name == "ongoing" {
                    value
                        .as_array_mut()
                        .unwrap()
                        .iter_mut()
                        .for_each(|missing| missing["from"] = "[moving]".into());
                }
                mask(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[tokio::test]
async fn of_tweets() {
    let world = World::start().await;
    world
        .store(
            "rust lang",
            &[
                post(1, 10, "rust, and \"quotes\", and\na line", Some("LT"), Some("en")),
                post(2, 20, "Rūdys", None, None),
                post(3, 30, "rust again", Some("LV"), Some("lv")),
            ],
        )
        .await;
    world.store("iron", &[post(3, 30, "rust again", Some("LV"), Some("lv"))]).await;
    let long = format!("GET /tweets?keyword={}", "%C3%A9".repeat(300));
    let longer = format!("GET /tweets?keyword={}", "a".repeat(513));
    let page = world.json("GET /tweets?keyword=rust+lang&limit=1").await;
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = format!("GET /tweets?keyword=rust+lang&limit=1&cursor={cursor}");
    let other_request = format!("GET /tweets?keyword=iron&limit=1&cursor={cursor}");
    let requests = [
        "GET /tweets?keyword=rust+lang&limit=1",
        &next,
        "GET /tweets?keyword=rust+lang&text=R%C5%AADYS&order=oldest",
        "GET /tweets?keyword=rust+lang&country=unknown",
        "GET /tweets?keyword=rust+lang&country=LT&language=EN&from=2026-11-23T10:00:10Z&to=2026-11-23T10:00:11Z",
        "GET /tweets?keyword=rust+lang&from=2026-11-23T10:00:11Z&to=2026-11-23T10:00:20Z",
        "GET /tweets?keyword=nothing",
        "GET /tweets?keyword=rust+lang&format=jsonl&order=oldest",
        "GET /tweets?keyword=rust+lang&format=csv&order=oldest",
        "GET /tweets",
        "GET /tweets?keyword=",
        "GET /tweets?keyword=a%0Ab",
        &long,
        &longer,
        "GET /tweets?keyword=a&keyword=b",
        "GET /tweets?keyword=a&colour=red",
        "GET /tweets?keyword=a&limit=0",
        "GET /tweets?keyword=a&limit=101",
        "GET /tweets?keyword=a&limit=x",
        "GET /tweets?keyword=a&limit=-1",
        "GET /tweets?keyword=%FF",
        "GET /tweets?keyword=ru%E2%80%8Bst",
        "GET /tweets?keyword=a&from=1969-12-31T23:59:59Z",
        "GET /tweets?keyword=a&from=2026-11-23T10:00:00+02:00",
        "GET /tweets?keyword=a&to=9999-12-31T23:59:59Z",
        "GET /tweets?keyword=a&from=yesterday",
        "GET /tweets?keyword=a&from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z",
        "GET /tweets?keyword=a&country=Lithuania",
        "GET /tweets?keyword=a&language=",
        "GET /tweets?keyword=a&text=",
        "GET /tweets?keyword=a&order=random",
        "GET /tweets?keyword=a&format=xml",
        "GET /tweets?keyword=a&format=csv&limit=5",
        "GET /tweets?keyword=a&cursor=x",
        &other_request,
        "GET /tweets/3",
        "GET /tweets/4",
        "GET /tweets/no%20id",
        "GET /tweets/%FF",
        "GET /tweets/3?colour=red",
        "DELETE /tweets/3",
        "GET /tweets/3",
        "DELETE /tweets/3",
        "DELETE /tweets/no%20id",
        "POST /tweets",
    ];
    insta::assert_snapshot!(answers(&world, &requests.map(|request| (request, None))).await);
}

#[tokio::test]
async fn of_statistics() {
    let world = World::start().await;
    let posts = [
        post(1, 10, "a", Some("LT"), None),
        post(2, 20, "b", None, None),
        post(3, 3600, "c", Some("LT"), None),
        post(4, 86_400, "d", Some("LV"), None),
    ];
    world.store("rust", &posts).await;
    world.store("iron", &posts[..1]).await;
    world.ask("DELETE /tweets/2").await;
    let range = "from=2026-11-23T00:00:00Z&to=2026-11-25T00:00:00Z";
    let requests = [
        format!("GET /tweetsStatistics?keyword=rust&{range}"),
        format!("GET /tweetsStatistics?keyword=rust&by=hour&{range}"),
        format!("GET /tweetsStatistics?keyword=rust&by=day&{range}"),
        format!("GET /tweetsStatistics?keyword=rust&by=keyword&{range}"),
        format!("GET /tweetsStatistics?by=keyword&{range}"),
        format!("GET /tweetsStatistics?by=country&{range}"),
        "GET /tweetsStatistics?by=day&from=2026-11-23T10:30:00Z&to=2026-11-23T11:00:00Z".to_owned(),
        "GET /tweetsStatistics?keyword=".to_owned(),
        "GET /tweetsStatistics?by=colour".to_owned(),
        "GET /tweetsStatistics?source=memory".to_owned(),
        "GET /tweetsStatistics?colour=red".to_owned(),
        "GET /tweetsStatistics?from=yesterday".to_owned(),
        "GET /tweetsStatistics?from=9999-01-01T00:00:00Z".to_owned(),
        "GET /tweetsStatistics?from=2020-01-01T00:00:00Z".to_owned(),
        "GET /tweetsStatistics?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z".to_owned(),
        "GET /tweetsStatistics?from=2026-01-01T00:00:00Z&to=2026-11-23T00:00:00Z".to_owned(),
        "GET /tweetsStatistics?keyword=rust&from=2025-01-01T00:00:00Z&to=2026-11-23T00:00:00Z".to_owned(),
        "GET /tweetsStatistics?keyword=rust&source=cloudwatch&from=2026-01-01T00:00:00Z&to=2026-11-23T00:00:00Z"
            .to_owned(),
    ];
    let restate = "POST /tweetsStatistics/restate";
    let restated = [
        (restate, Some(r#"{"from":"2020-01-01T00:00:00Z","to":"2020-01-01T02:00:00Z"}"#)),
        (restate, Some(r#"{"from":"2020-01-01T00:00:00Z","to":"2019-01-01T02:00:00Z"}"#)),
        (restate, Some(r#"{"from":"2020-01-01T00:00:00Z","to":"2021-01-01T02:00:00Z"}"#)),
        (restate, Some(r#"{"from":"2020-01-01T00:00:00Z"}"#)),
        (restate, Some(r#"{"from":1,"to":2}"#)),
        (restate, Some("[")),
        (restate, None),
    ];
    let counts = requests.iter().map(|request| (request.as_str(), None));
    insta::assert_snapshot!(answers(&world, &counts.chain(restated).collect::<Vec<_>>()).await);
}

#[tokio::test]
async fn of_stream() {
    let world = World::start().await;
    // No task can be started, so the state does not depend on timing.
    world.machine.faults.judge(
        |call| {
            if call.operation == "RunTask" { Fate::FailsBefore } else { Fate::Answered }
        },
    );
    let long = format!(r#"{{"keyword":"{}"}}"#, "é".repeat(300));
    let longer = format!(r#"{{"keyword":"{}"}}"#, "a".repeat(513));
    let largest = format!(r#"{{"keyword":"{}"}}"#, "a".repeat(70_000));
    let post = "POST /stream";
    let requests = [
        ("GET /stream", None),
        (post, Some(r#"{"keyword":" rust  lang "}"#)),
        ("GET /stream", None),
        (post, Some("not json")),
        (post, Some("{}")),
        (post, Some(r#"{"keyword":""}"#)),
        (post, Some(r#"{"keyword":"a\nb"}"#)),
        (post, Some(r#"{"keyword":7}"#)),
        (post, Some(r#"["rust"]"#)),
        (post, Some(r#"{"keyword":"a","keyword":"b"}"#)),
        (post, Some(r#"{"keyword":"a","colour":"red"}"#)),
        (post, Some(r#"{"keyword":"a","maxPostsADay":0}"#)),
        (post, Some(r#"{"keyword":"a","maxPostsADay":"many"}"#)),
        (post, Some(r#"{"keyword":"a","since":"2006-03-20T23:59:59Z"}"#)),
        (post, Some(r#"{"keyword":"a","since":"2025-01-01"}"#)),
        (post, Some(r#"{"keyword":"a","since":"9999-01-01T00:00:00Z"}"#)),
        (post, Some(r#"{"keyword":"a","since":"2025-01-01T00:00:00Z","maxPosts":0}"#)),
        (post, Some(r#"{"keyword":"a","since":"2025-01-01T00:00:00Z","maxPosts":-1}"#)),
        (post, Some(r#"{"keyword":"a","since":"2025-01-01T00:00:00Z","order":"random"}"#)),
        (post, Some(r#"{"keyword":"a","maxPosts":100}"#)),
        (post, Some(r#"{"keyword":"b","since":"2025-01-01T00:00:00Z","maxPosts":100}"#)),
        (post, Some(r#"{"keyword":"b","since":"2025-01-01T00:00:00Z"}"#)),
        ("DELETE /stream?keyword=b", None),
        (post, Some(&long)),
        (post, Some(&longer)),
        (post, Some(&largest)),
        (post, None),
        ("POST /stream?keyword=a", Some(r#"{"keyword":"a"}"#)),
        ("GET /stream?keyword=a", None),
        ("DELETE /stream?keyword=zebra", None),
        ("DELETE /stream?keyword=", None),
        ("DELETE /stream?colour=red", None),
        ("DELETE /stream?keyword=rust+lang", None),
        ("DELETE /stream", None),
        ("PUT /stream", None),
        ("GET /stream/estimate?keyword=rust", None),
        ("GET /stream/estimate", None),
        ("GET /stream/estimate?keyword=rust&since=2001-01-01T00:00:00Z", None),
        ("GET /stream/estimate?keyword=(", None),
        ("GET /stream/estimate?keyword=often", None),
        ("GET /stream/estimate?keyword=token", None),
        ("GET /stream/estimate?keyword=broken", None),
    ];
    insta::assert_snapshot!(answers(&world, &requests).await);
}

#[tokio::test]
async fn of_dead_letters() {
    let world = World::start().await;
    let trace_id = "1-6b12c8f0-5e1f0a7bd2c94e63b8a1f004".parse().unwrap();
    world
        .dead_letters
        .put("1-r", Some(trace_id), "rust", r#"{"version":99}"#, "it is of version 99")
        .await
        .unwrap();
    world.dead_letters.put("2-r", None, "go", "not json", "it is not JSON").await.unwrap();
    let listed = world.json("GET /deadLetters").await;
    let id = |number: usize| listed["letters"][number]["id"].as_str().unwrap().to_owned();
    let (drop, redrive) =
        (format!("DELETE /deadLetters/{}", id(0)), format!("POST /deadLetters/{}/redrive", id(1)));
    let first = answers(&world, &[("GET /deadLetters", None)]).await;
    assert_eq!(world.ask(&drop).await.status, 204);
    assert_eq!(world.ask(&drop).await.status, 404);
    assert_eq!(world.ask(&redrive).await.status, 204);
    let rest = [
        ("DELETE /deadLetters/none", None),
        ("POST /deadLetters/none/redrive", None),
        ("POST /deadLetters/redrive", None),
        ("GET /deadLetters?colour=red", None),
        ("POST /deadLetters/redrive?colour=red", None),
        ("POST /deadLetters", None),
        ("PUT /deadLetters/none", None),
    ];
    insta::assert_snapshot!(format!("{first}{}", answers(&world, &rest).await));
}

#[tokio::test]
async fn of_the_api_itself() {
    let world = World::start().await;
    let requests = [
        ("GET /health", None),
        ("GET /health?colour=red", None),
        ("POST /health", None),
        ("GET /nowhere", None),
        ("GET /openapi.json?colour=red", None),
    ];
    insta::assert_snapshot!(answers(&world, &requests).await);
    assert_eq!(world.json("GET /openapi.json").await["info"]["title"], "Aviary");
}

#[tokio::test]
async fn when_aws_is_unavailable() {
    let world = World::start().await;
    world.machine.faults.judge(|_| Fate::FailsBefore);
    let requests = [("GET /tweets?keyword=a", None), ("GET /stream", None), ("GET /deadLetters", None)];
    insta::assert_snapshot!(answers(&world, &requests).await);
}
