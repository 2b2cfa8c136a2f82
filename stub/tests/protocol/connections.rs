//! Connections: their history, and how a client ends them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{STREAM, X, answer, rest};

const CONNECTIONS: &str = "/2/connections";

/// The fields that are shown on request.
const FIELDS: &str = "connection.fields=client_ip,disconnect_reason,disconnected_at";

async fn with_a_rule() -> X {
    let x = X::start(1.0).await;
    x.add("zebra").await;
    x
}

#[tokio::test]
async fn open_and_past_connections_are_listed_the_latest_first() {
    let x = with_a_rule().await;
    assert_eq!(x.json(CONNECTIONS).await, json!({ "meta": { "result_count": 0 } }), "X leaves `data` out");
    for _ in 0..2 {
        drop(x.connect().await);
        x.until_nobody_reads().await;
    }
    let _open = x.connect().await;
    let active = x.json(CONNECTIONS).await;
    let fields: Vec<&String> = active["data"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["connected_at", "endpoint_name", "id"]);
    assert_eq!(active["data"][0]["endpoint_name"], "filtered_stream");
    assert_eq!(active["data"][0]["id"].as_str().unwrap().len(), 36);
    let past = x.json(&format!("{CONNECTIONS}?status=inactive&{FIELDS}")).await;
    assert_eq!(past["meta"], json!({ "result_count": 2 }));
    for connection in past["data"].as_array().unwrap() {
        assert_eq!(connection["disconnect_reason"], "client_disconnected");
        assert_eq!(connection["client_ip"], "127.0.0.1");
        assert!(
            connection["connected_at"].as_str().unwrap() <= connection["disconnected_at"].as_str().unwrap()
        );
    }
    let all = x.json(&format!("{CONNECTIONS}?status=all&{FIELDS}")).await;
    assert_eq!(all["data"][0]["id"], active["data"][0]["id"]);
    assert!(all["data"][0]["disconnected_at"].is_null() && all["data"][0]["disconnect_reason"].is_null());
    assert_eq!(all["data"].as_array().unwrap()[1..], *past["data"].as_array().unwrap());
    let other = x.json(&format!("{CONNECTIONS}?status=all&endpoints=sample_stream")).await;
    assert_eq!(other["meta"]["result_count"], 0);
    let ours = x.json(&format!("{CONNECTIONS}?status=all&endpoints=sample_stream,filtered_stream")).await;
    assert_eq!(ours["meta"]["result_count"], 3);
}

#[tokio::test]
async fn connections_come_in_pages() {
    let x = with_a_rule().await;
    for _ in 0..5 {
        drop(x.connect().await);
        x.until_nobody_reads().await;
    }
    let _open = x.connect().await;
    let (mut ids, mut token) = (Vec::new(), String::new());
    loop {
        let page = x.json(&format!("{CONNECTIONS}?status=all&max_results=4{token}")).await;
        ids.extend(page["data"].as_array().unwrap().iter().map(|connection| connection["id"].clone()));
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&pagination_token={next}"),
            None => break,
        }
    }
    let all = x.json(&format!("{CONNECTIONS}?status=all&max_results=6")).await;
    let all: Vec<Value> =
        all["data"].as_array().unwrap().iter().map(|connection| connection["id"].clone()).collect();
    assert_eq!((ids.len(), ids), (6, all));
    assert_eq!(x.answer(&format!("{CONNECTIONS}?pagination_token=!")).await.0, 400);
}

#[tokio::test]
async fn a_client_ends_its_connections_and_connects_again_at_once() {
    let x = with_a_rule().await;
    let nothing = json!({ "data": { "successful_kills": 0, "failed_kills": 0, "results": [] } });
    for path in ["/2/connections/filtered_stream", "/2/connections/all"] {
        assert_eq!(answer(x.delete(path)).await, (200, nothing.clone()), "there is none");
        let open = x.connect().await;
        let id = x.json(CONNECTIONS).await["data"][0]["id"].clone();
        assert_eq!(answer(x.delete("/2/connections/sample_stream")).await.1, nothing, "another stream");
        let (status, ended) = answer(x.delete(path)).await;
        let results = json!([{ "uuid": id, "success": true }]);
        let expected = json!({ "data": { "successful_kills": 1, "failed_kills": 0, "results": results } });
        assert_eq!((status, ended), (200, expected));
        rest(open).await;
    }
    let _open = x.connect().await;
    let id = x.json(CONNECTIONS).await["data"][0]["id"].clone();
    let (status, ended) = answer(x.delete(CONNECTIONS).json(&json!({ "uuids": ["unknown", id] }))).await;
    assert_eq!(status, 200);
    assert_eq!((&ended["data"]["successful_kills"], &ended["data"]["failed_kills"]), (&json!(1), &json!(1)));
    assert_eq!(ended["data"]["results"][0], json!({ "uuid": id, "success": true }));
    assert_eq!(ended["data"]["results"][1]["success"], false);
    assert!(ended["data"]["results"][1]["error_message"].is_string());
    let past = x.json(&format!("{CONNECTIONS}?status=inactive&{FIELDS}")).await;
    assert_eq!(past["meta"]["result_count"], 3);
    assert!(past["data"].as_array().unwrap().iter().all(|past| past["disconnect_reason"] == "terminated"));
    let _again = x.connect().await;
    assert_eq!(answer(x.delete("/2/connections/nonsense")).await.0, 400);
    assert_eq!(answer(x.delete(CONNECTIONS).json(&json!({ "uuids": [] }))).await.0, 400);
}

#[tokio::test]
async fn a_half_open_connection_is_ended_like_any_other() {
    let x = with_a_rule().await;
    x.fault(json!({ "fault": "half-open", "seconds": 600 })).await;
    drop(x.connect().await);
    // The stub sees that the reader has gone when it writes the next keep-alive.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(x.json(CONNECTIONS).await["meta"]["result_count"], 1, "X has not noticed");
    assert_eq!(x.answer(STREAM).await.0, 429);
    let posts = x.json("/control/posts").await;
    assert_eq!((&posts["refusals"], &posts["slotRefusals"]), (&json!(0), &json!(1)));
    assert_eq!(answer(x.delete("/2/connections/filtered_stream")).await.1["data"]["successful_kills"], 1);
    let _open = x.connect().await;
    assert_eq!(x.answer(STREAM).await.0, 429);
    let posts = x.json("/control/posts").await;
    assert_eq!((&posts["refusals"], &posts["slotRefusals"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_half_open_connection_is_past_when_its_time_is_over() {
    let x = with_a_rule().await;
    x.fault(json!({ "fault": "half-open", "seconds": 1 })).await;
    drop(x.connect().await);
    x.until_nobody_reads().await;
    let past = x.json(&format!("{CONNECTIONS}?status=inactive&{FIELDS}")).await;
    assert_eq!(past["data"][0]["disconnect_reason"], "client_timed_out");
    let _open = x.connect().await;
}

#[tokio::test]
async fn the_connections_endpoints_may_fail_alone() {
    let x = with_a_rule().await;
    x.fault(json!({ "fault": "connections-status", "status": 503, "seconds": 60 })).await;
    assert_eq!(x.answer(CONNECTIONS).await.0, 503);
    for path in ["/2/connections/all", "/2/connections/filtered_stream"] {
        assert_eq!(answer(x.delete(path)).await.0, 503, "{path}");
    }
    assert_eq!(answer(x.delete(CONNECTIONS).json(&json!({ "uuids": ["a"] }))).await.0, 503);
    let _open = x.connect().await;
    assert_eq!(x.answer("/2/usage/tweets").await.0, 200);
    x.fault(json!({ "fault": "connections-status", "status": 503, "seconds": 0 })).await;
    assert_eq!(x.json(CONNECTIONS).await["meta"]["result_count"], 1);
}

#[tokio::test]
async fn each_end_of_a_connection_has_its_reason() {
    let x = X::start(100.0).await;
    x.add("zebra").await;
    for (fault, reason) in [
        ("close", "server_closed"),
        ("operational-disconnect", "operational_disconnect"),
        ("cut-mid-line", "network_issue"),
    ] {
        let open = x.connect().await;
        x.fault(json!({ "fault": fault })).await;
        // An end in the middle of a line is an error.
        let _ = tokio::time::timeout(Duration::from_secs(5), open.text()).await.unwrap();
        let past = x.json(&format!("{CONNECTIONS}?status=inactive&{FIELDS}")).await;
        assert_eq!(past["data"][0]["disconnect_reason"], reason);
    }
}
