//! Limits on the size of a request.

use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_with_the_limit_and_its_size() {
    let world = World::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let long = format!("{}/tweets?keyword={}", world.api, "a".repeat(9000));
    let large = http.get(format!("{}/health", world.api)).header("x", "a".repeat(33_000));
    for (request, status, detail) in [
        (http.get(long), 414, "the address must be at most 8192 bytes; got 9016"),
        (large, 431, "the headers must be at most 32768 bytes in total; got "),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    }
}
