//! What each API key allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::{Authorizer, AuthorizerConfig, Keys, authorize, description};
use local::Fate;

use crate::world::{World, post};

/// A guarded machine, and its keys as the header `Authorization` has them.
async fn guarded() -> (World, String, String) {
    let (world, reader, owner) = World::guarded().await;
    (world, format!("Bearer {reader}"), format!("Bearer {owner}"))
}

/// Every operation of the description that requires a key: `METHOD /path`, and whether it only reads.
fn operations() -> Vec<(String, bool)> {
    let description = serde_json::to_value(description()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.get("security").is_some() {
                let path = path.replace("{tweetId}", "1").replace("{id}", "1");
                operations.push((format!("{} {path}", method.to_uppercase()), method == "get"));
            }
        }
    }
    operations
}

#[tokio::test]
async fn a_request_without_a_sufficient_key_has_no_effect() {
    let (world, reader, owner) = guarded().await;
    world.store("rust", &[post(1, 1, "text", None, None)]).await;
    assert_eq!(world.ask_with("GET /tweets?keyword=rust", None, Some(&reader)).await.status, 200);
    // From now on, every call to AWS is counted, except background reads and the minute's writes.
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let background = ["Query", "GetItem", "ListTasks", "ReceiveMessage", "GetQueueAttributes"];
    world.machine.faults.judge(move |call| {
        if call.caller != "minute" && !background.contains(&call.operation.as_str()) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        Fate::Answered
    });
    let operations = operations();
    assert_eq!(operations.len(), 17);
    let shouted = owner.to_uppercase();
    let basic = owner.replace("Bearer", "Basic");
    for (request, reads) in &operations {
        let body = Some(r#"{"keyword":"rust"}"#).filter(|_| request.starts_with("POST"));
        for wrong in
            [None, Some(""), Some("Bearer "), Some("Bearer aviary_wrong"), Some(&*shouted), Some(&*basic)]
        {
            let answer = world.ask_with(request, body, wrong).await;
            assert_eq!(answer.status, 401, "{request} with {wrong:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert_eq!(answer.json()["status"], 401);
        }
        if !reads {
            assert_eq!(world.ask_with(request, body, Some(&reader)).await.status, 403, "{request}");
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0, "a refused request called AWS");
    world.machine.faults.end();
    assert_eq!(world.ask_with("GET /tweets/1", None, Some(&reader)).await.status, 200);
    assert_eq!(world.ask_with("GET /stream", None, Some(&reader)).await.json()["desired"], "stopped");
    // It is read, and costs money.
    assert_eq!(world.ask_with("GET /stream/estimate?keyword=rust", None, Some(&reader)).await.status, 403);
    assert_eq!(world.ask_with("DELETE /tweets/1", None, Some(&owner)).await.status, 204);
    for open in ["GET /health", "GET /openapi.json", "GET /docs/"] {
        assert_eq!(world.ask(open).await.status, 200, "{open}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_valid_for_at_most_half_a_minute() {
    let (world, reader, owner) = guarded().await;
    let status = async |key: &str| world.ask_with("GET /tweets?keyword=rust", None, Some(key)).await.status;
    assert_eq!((status(&reader).await, status(&owner).await), (200, 200));
    let file = world.data.path().join("api-keys.json");
    let mut keys = Keys::from_json(&std::fs::read_to_string(&file).unwrap()).unwrap();
    keys.revoke("reader").unwrap();
    std::fs::write(&file, keys.to_json().unwrap()).unwrap();
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    assert_eq!((status(&reader).await, status(&owner).await), (401, 200));
    // If the keys cannot be read, every request is refused.
    std::fs::write(&file, "broken").unwrap();
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    assert_eq!((status(&owner).await, status("Bearer x").await), (503, 503));
}

#[tokio::test]
async fn the_gateways_authorizer_decides_as_one_machine_does() {
    let (world, reader, owner) = guarded().await;
    let config = AuthorizerConfig { keys_parameter: "ApiKeys".to_owned() };
    let authorizer = Authorizer::new(world.machine.aws.sdk(), config);
    let allowed = async |route: &str, key: Option<&str>| {
        let (method, path) = route.split_once(' ').unwrap_or((route, "/stream"));
        // The fields of the gateway's documented event that the authorizer reads.
        let mut event = serde_json::json!({
            "version": "2.0", "type": "REQUEST", "routeKey": format!("{method} {path}"), "rawPath": path,
            "routeArn": "arn:aws:execute-api:us-east-1:000000000000:abcdef123/$default/GET/stream",
            "identitySource": key.map(|key| vec![key]), "rawQueryString": "", "cookies": [], "headers": {},
            "requestContext": {
                "accountId": "000000000000", "apiId": "abcdef123", "domainName": "d", "domainPrefix": "p",
                "requestId": "r", "routeKey": format!("{method} {path}"), "stage": "$default",
                "time": "23/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_000_000_000_i64,
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            },
        });
        if let Some(key) = key {
            event["headers"]["authorization"] = key.into();
        }
        let answer = authorize(&authorizer, &serde_json::from_value(event).unwrap()).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        let is_allowed = answer["isAuthorized"].as_bool().unwrap();
        // For the gateway's log.
        assert_eq!(
            answer["context"]["key"].is_string() && answer["context"]["scope"].is_string(),
            is_allowed
        );
        is_allowed
    };
    assert!(allowed("GET", Some(&reader)).await && allowed("GET", Some(&owner)).await);
    assert!(allowed("POST", Some(&owner)).await && allowed("DELETE", Some(&owner)).await);
    assert!(!allowed("POST", Some(&reader)).await && !allowed("DELETE", Some(&reader)).await);
    assert!(!allowed("GET /stream/estimate", Some(&reader)).await);
    assert!(allowed("GET /stream/estimate", Some(&owner)).await);
    assert!(!allowed("GET", None).await && !allowed("GET", Some("Bearer aviary_wrong")).await);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let world = World::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let port = world.machine.api.port();
    for (name, value, status) in [
        ("host", "evil.example".to_owned(), 403),
        ("host", format!("localhost:{port}"), 200),
        ("origin", "http://evil.example".to_owned(), 403),
        ("origin", "null".to_owned(), 403),
        ("origin", world.api.clone(), 200),
    ] {
        let request = http.get(format!("{}/stream", world.api)).header(name, &value);
        assert_eq!(request.send().await.unwrap().status(), status, "{name}: {value}");
    }
}
