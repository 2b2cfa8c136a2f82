//! The stream, its rules, search and counts, and how they misbehave.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::client::{RULES, STREAM, X, posts, read};

#[tokio::test]
async fn one_token_one_connection_and_limits_in_every_answer() {
    let x = X::start(1.0).await;
    let wrong = x.http.get(format!("{}{STREAM}", x.base)).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let without_rules = x.get(STREAM).send().await.unwrap();
    assert_eq!(without_rules.status(), 409);
    assert_eq!(without_rules.json::<Value>().await.unwrap()["connection_issue"], "RuleConfigurationIssue");
    x.add("zebra").await;
    let first = x.connect().await;
    assert_eq!(first.headers()["x-rate-limit-limit"], "50");
    assert_eq!(first.headers()["x-rate-limit-remaining"], "48");
    let second = x.get(STREAM).send().await.unwrap();
    assert_eq!(second.status(), 429);
    assert_eq!(second.json::<Value>().await.unwrap()["connection_issue"], "TooManyConnections");
    drop(first);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let third = x.connect().await;
    x.fault(json!({ "fault": "half-open", "seconds": 60 })).await;
    drop(third);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(x.get(STREAM).send().await.unwrap().status(), 429, "the slot stays taken");
}

#[tokio::test]
async fn rules_are_added_refused_listed_and_deleted_as_x_does() {
    let x = X::start(1.0).await;
    assert_eq!(x.json(RULES).await["data"], Value::Null, "X leaves `data` out");
    let (status, answer) =
        x.post(&format!("{RULES}?dry_run=true"), json!({ "add": [{ "value": "rust" }] })).await;
    assert_eq!((status, &answer["meta"]["summary"]["created"]), (201, &json!(1)));
    assert_eq!(x.json(RULES).await["meta"]["result_count"], 0);
    let add = json!({ "add": [{ "value": "rust", "tag": "t" }, { "value": "(" }, { "value": "rust" }] });
    let (status, answer) = x.post(RULES, add).await;
    assert_eq!(status, 201);
    let summary = json!({ "created": 1, "not_created": 2, "valid": 2, "invalid": 1 });
    assert_eq!(answer["meta"]["summary"], summary);
    assert!(answer["errors"][0]["type"].as_str().unwrap().ends_with("/invalid-rules"));
    assert!(answer["errors"][1]["type"].as_str().unwrap().ends_with("/duplicate-rules"));
    let listed = x.json(RULES).await;
    assert_eq!((&listed["data"][0]["value"], &listed["data"][0]["tag"]), (&json!("rust"), &json!("t")));
    let (status, answer) = x.post(RULES, json!({ "delete": { "ids": [listed["data"][0]["id"]] } })).await;
    assert_eq!((status, &answer["meta"]["summary"]["deleted"]), (200, &json!(1)));
    assert_eq!(x.post(RULES, json!({})).await.0, 400);
    assert_eq!(
        x.post(RULES, json!({ "add": [{ "value": "x".repeat(1025) }] })).await.1["meta"]["summary"]["invalid"],
        1
    );
}

#[tokio::test]
async fn what_matches_is_delivered_and_found_again_by_search_and_counts() {
    let x = X::start(200.0).await;
    x.add("zebra").await;
    let stream =
        x.get(&format!("{STREAM}?tweet.fields=referenced_tweets,edit_history_tweet_ids")).send().await;
    let (text, _) = read(stream.unwrap(), |text| text.matches("\r\n").count() > 150).await;
    let delivered = posts(&text);
    assert!(delivered.len() > 100);
    assert!(delivered.iter().all(|post| post["matching_rules"][0]["tag"] == "zebra"));
    // Search finds no reposts, nothing by the text that it quotes, and of an edited post the last version; so what it
    // must have is the rest, unless it was edited since.
    let refers = |post: &Value, kind: &str| post["data"]["referenced_posts"][0]["type"] == kind;
    let is_version = |post: &Value| post["data"]["edit_history_post_ids"].as_array().unwrap().len() > 1;
    assert!(delivered.iter().any(|post| refers(post, "retweeted")));
    let all = x.json("/control/posts").await;
    let is_known = |post: &&Value| {
        let id = &post["data"]["id"];
        all["posts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|known| known["id"] == *id && known["searchable"][0] == "zebra")
    };
    let own: Vec<&Value> = delivered
        .iter()
        .filter(|post| !refers(post, "quoted") && !refers(post, "retweeted") && !is_version(post))
        .filter(is_known)
        .map(|post| &post["data"]["id"])
        .collect();
    assert!(own.len() > 50);
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page = x.json(&format!("/2/tweets/search/recent?query=zebra&max_results=10{token}")).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|post| post["id"].clone()));
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&next_token={next}"),
            None => break,
        }
    }
    let numbers: Vec<u64> = found.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "newest first, none twice");
    assert!(own.iter().all(|id| found.contains(id)));
    let reposts = delivered.iter().filter(|post| refers(post, "retweeted"));
    assert!(!reposts.map(|post| &post["data"]["id"]).any(|id| found.contains(id)));
    let counts = x.json("/2/tweets/counts/recent?query=zebra&granularity=minute").await;
    assert!(counts["meta"]["total_post_count"].as_u64().unwrap() >= found.len() as u64);
    let since = numbers[2];
    let newer = x
        .json(&format!(
            "/2/tweets/search/recent?query=zebra&max_results=100&since_id={since}&until_id={}",
            numbers[0]
        ))
        .await;
    assert_eq!(newer["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lines_arrive_at_once_also_when_they_are_compressed() {
    let x = X::start(50.0).await;
    x.add("zebra").await;
    let http = Client::builder().no_proxy().gzip(true).build().unwrap();
    let answer = http.get(format!("{}{STREAM}", x.base)).bearer_auth("secret").send().await.unwrap();
    let (text, ended) = read(answer, |text| posts(text).len() > 10).await;
    assert!(posts(&text).len() > 10 && ended.is_none());
}

#[tokio::test]
async fn it_misbehaves_as_asked() {
    let x = X::start(100.0).await;
    x.add("zebra").await;

    x.fault(json!({ "fault": "cut-mid-line" })).await;
    let (text, ended) = read(x.connect().await, |_| false).await;
    assert!(ended == Some(true) && posts(&text).is_empty() && text.contains("{\"data\""), "{ended:?}");

    x.fault(json!({ "fault": "cut-mid-character" })).await;
    let (text, ended) = read(x.connect().await, |_| false).await;
    assert!(ended == Some(true) && text.ends_with('\u{fffd}'), "{ended:?}");

    x.fault(json!({ "fault": "duplicates", "count": 3 })).await;
    let (text, _) = read(x.connect().await, |text| posts(text).len() > 6).await;
    let ids: Vec<Value> = posts(&text).iter().map(|post| post["data"]["id"].clone()).collect();
    assert!(ids[0] == ids[1] && ids[2] == ids[3] && ids[4] == ids[5] && ids[5] != ids[6]);
    tokio::time::sleep(Duration::from_millis(600)).await;

    x.fault(json!({ "fault": "disorder", "count": 3 })).await;
    let (text, _) = read(x.connect().await, |text| posts(text).len() > 2).await;
    let ids: Vec<String> = posts(&text).iter().map(|post| post["data"]["id"].to_string()).collect();
    assert!(ids[0] > ids[1] && ids[1] > ids[2], "{ids:?}");
    tokio::time::sleep(Duration::from_millis(600)).await;

    x.fault(json!({ "fault": "dribble", "count": 2 })).await;
    let (text, _) = read(x.connect().await, |text| posts(text).len() > 2).await;
    assert!(posts(&text).len() > 2);
    tokio::time::sleep(Duration::from_millis(600)).await;

    let connection = x.connect().await;
    for fault in ["garbage", "unknown-message", "huge-line", "operational-disconnect"] {
        x.fault(json!({ "fault": fault })).await;
    }
    let (text, ended) = read(connection, |_| false).await;
    assert_eq!(ended, Some(false));
    assert!(text.contains("502 Bad Gateway") && text.contains("notice") && text.len() > 1024 * 1024);
    assert!(posts(&text).last().unwrap()["errors"][0]["title"] == "operational-disconnect");

    let connection = x.connect().await;
    x.fault(json!({ "fault": "silence" })).await;
    let (_, ended) = read(connection, |_| false).await;
    assert_eq!(ended, None, "open, and silent");
    tokio::time::sleep(Duration::from_millis(600)).await;

    x.fault(json!({ "fault": "status", "status": 503, "seconds": 1 })).await;
    assert_eq!(x.get(STREAM).send().await.unwrap().status(), 503);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    x.connect().await;
    assert_eq!(x.post("/control/faults", json!({ "fault": "nonsense" })).await.0, 400);
}
