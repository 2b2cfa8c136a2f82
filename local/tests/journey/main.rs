//! The whole pipeline as users see it, over HTTP, from the stub to the API's answers.
#![expect(clippy::unwrap_used, reason = "helper functions of tests may panic")]

mod client;
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use local::{Endpoint, Machine, Options, Stream};
use serde_json::{Value, json};

use self::client::{Client, until};

async fn machine(data: &Path) -> Machine {
    machine_with_search_delay(data, Duration::from_secs(30)).await
}

async fn machine_with_search_delay(data: &Path, search_delay: Duration) -> Machine {
    let generated = stub::Options::new(stub::Source::Generator { seed: 7 });
    let stub = stub::Options { rate: 100.0, search_delay, ..generated };
    Machine::start(Options::new(data, Stream::Stub(stub))).await.unwrap()
}

/// The ids of the posts that the stub delivered to the streamer, by keyword.
async fn delivered(stub: SocketAddr) -> BTreeMap<String, BTreeSet<String>> {
    let answer = Client::new(stub).get("/control/posts").await;
    let mut delivered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for post in answer["posts"].as_array().unwrap().iter().filter(|post| post["delivered"] != 0) {
        for keyword in post["keywords"].as_array().unwrap() {
            let id = post["id"].as_str().unwrap().to_owned();
            delivered.entry(keyword.as_str().unwrap().to_owned()).or_default().insert(id);
        }
    }
    delivered
}

#[tokio::test(flavor = "multi_thread")]
async fn one_post_is_shown_under_its_keywords_and_removed_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine(folder.path()).await;
    let client = Client::new(machine.api);
    client.start("zebra").await;
    until("posts come in", || async { client.tweets("zebra").await.len() > 20 }).await;
    client.stop("").await;
    until("the streamer has ended", || async { client.get("/stream").await["state"] == "stopped" }).await;
    let tweets = client.tweets("zebra").await;
    // Its country has another post: a row of the counts whose last post is removed stays, with none.
    let has_compatriot = |id: &String, tweet: &Value| {
        tweets.iter().any(|(other, another)| other != id && another["country"] == tweet["country"])
    };
    let (id, tweet) = tweets.iter().rfind(|(id, tweet)| has_compatriot(id, tweet)).unwrap();
    let shown = client.get(&format!("/tweets/{id}")).await;
    assert_eq!(shown["tweets"].as_array().unwrap().len(), 1);
    assert_eq!(shown["tweets"][0], *tweet);

    let status = async |method: reqwest::Method, id: &str| {
        let request = client.http.request(method, format!("{}/tweets/{id}", client.api));
        request.send().await.unwrap().status().as_u16()
    };
    let (get, delete) = (reqwest::Method::GET, reqwest::Method::DELETE);
    assert_eq!(status(delete.clone(), id).await, 204);
    assert_eq!(status(get.clone(), id).await, 404);
    assert_eq!(status(delete.clone(), id).await, 404);
    assert_eq!(status(get, "no%20id").await, 400);
    assert_eq!(status(delete, "no%20id").await, 400);
    assert!(!client.tweets("zebra").await.contains_key(id));
    // What is still on the queue arrives first.
    until("counts equal posts", || client.counts_equal_posts("zebra")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keywords_run_together_and_stop_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine(folder.path()).await;
    let (client, stub, aws) = (Client::new(machine.api), machine.stub.unwrap(), machine.aws.clone());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(machine.run(async { drop(ended.await) }));

    assert_eq!(client.get("/stream").await["desired"], "stopped");
    assert_eq!(client.start("rust").await["desired"], "running");
    client.start("coffee").await;
    until("both keywords have posts, and share one", || async {
        let (rust, coffee) = (client.tweets("rust").await, client.tweets("coffee").await);
        rust.len() > 50 && coffee.len() > 50 && rust.keys().any(|id| coffee.contains_key(id))
    })
    .await;
    let state = client.get("/stream").await;
    assert_eq!(state["state"], "running");
    assert_eq!(state["keywords"].as_array().unwrap().len(), 2);
    until("traffic is reported for each keyword", || async {
        let state = client.get("/stream").await;
        let mut keywords = state["keywords"].as_array().unwrap().iter();
        keywords.all(|keyword| {
            let traffic = &keyword["traffic"];
            traffic["posts"].as_u64() > Some(0)
                && traffic["postsPerSecond"].as_f64() > Some(0.0)
                && traffic["queueLagMs"].is_i64()
                && traffic["lastPostAt"].is_string()
        })
    })
    .await;
    let state = client.get("/stream").await;
    assert!(state["lease"]["owner"].as_str().unwrap().contains(":task/"), "{state}");
    let posts = state["today"]["posts"].as_u64().unwrap();
    let dollars = state["today"]["dollars"].as_f64().unwrap();
    assert!(posts > 0 && (dollars - posts as f64 * 0.005).abs() < 0.0051, "to the cent: {state}");

    assert_eq!(client.stop("?keyword=rust").await.0, 202);
    assert_eq!(client.stop("?keyword=rust").await.0, 404);
    until("the stopped keyword gets no more posts and the other still does", || async {
        let before = (client.tweets("rust").await.len(), client.tweets("coffee").await.len());
        tokio::time::sleep(Duration::from_secs(3)).await;
        let after = (client.tweets("rust").await.len(), client.tweets("coffee").await.len());
        before.0 == after.0 && before.1 < after.1
    })
    .await;
    let (status, answer) = client.stop("").await;
    assert_eq!((status, &answer["desired"]), (202, &json!("stopped")));
    until("the streamer has ended", || async { client.get("/stream").await["state"] == "stopped" }).await;
    // What was delivered after a keyword was stopped, or was on the wire when the streamer disconnected, is not stored. It can only
    // be newer than every post of the keyword that is.
    until("exactly the posts that were read are stored", || async {
        let delivered = delivered(stub).await;
        let rust: BTreeSet<String> = client.tweets("rust").await.into_keys().collect();
        let coffee: BTreeSet<String> = client.tweets("coffee").await.into_keys().collect();
        rust.is_subset(&delivered["rust"])
            && coffee.is_subset(&delivered["coffee"])
            && delivered["rust"].difference(&rust).all(|id| id > rust.last().unwrap())
            && delivered["coffee"].difference(&coffee).all(|id| id > coffee.last().unwrap())
    })
    .await;
    for keyword in ["rust", "coffee"] {
        until("counts equal posts", || client.counts_equal_posts(keyword)).await;
        until("CloudWatch equals the posts", || cloudwatch_equals_the_posts(&client, &aws, keyword)).await;
    }
    assert_eq!(Client::new(stub).get("/control/posts").await["connections"], 1, "one connection for both");
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
}

async fn cloudwatch_equals_the_posts(client: &Client, aws: &Endpoint, keyword: &str) -> bool {
    let cloudwatch = aws_sdk_cloudwatch::Client::new(aws.sdk());
    let dimension = aws_sdk_cloudwatch::types::Dimension::builder().name("Keyword").value(keyword).build();
    let now = aws_sdk_cloudwatch::primitives::DateTime::from(std::time::SystemTime::now());
    let day = 24 * 3600;
    let answer = cloudwatch
        .get_metric_statistics()
        .namespace("Aviary")
        .metric_name("TweetsByKeyword")
        .dimensions(dimension)
        .start_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(now.secs() - day))
        .end_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(now.secs() + day))
        .period(3600)
        .statistics(aws_sdk_cloudwatch::types::Statistic::Maximum)
        .send()
        .await
        .unwrap();
    let published: f64 = answer.datapoints().iter().filter_map(|point| point.maximum).sum();
    let posts = client.tweets(keyword).await.len();
    (published - posts as f64).abs() < f64::EPSILON
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_equals_what_the_keyword_collected() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine_with_search_delay(folder.path(), Duration::ZERO).await;
    let client = Client::new(machine.api);
    client.start("rust").await;
    until("posts come in", || async { client.tweets("rust").await.len() > 50 }).await;
    let estimate = client.get("/stream/estimate?keyword=rust").await;
    let posts = estimate["posts"].as_u64().unwrap();
    assert_eq!(estimate["asked"], json!({ "requests": 1, "dollars": 0.01 }), "half a cent, to the cent");
    // Counts leave out reposts, which are not yet half of the posts; they cover seven days, of which the first and the last are partial.
    assert!(posts > 20 && estimate["days"].as_array().unwrap().len() == 8, "{estimate}");
    let days = estimate["daysCounted"].as_f64().unwrap();
    assert!((6.9..=7.0).contains(&days), "{estimate}");
    let reposts = estimate["repostsADay"].as_f64().unwrap_or_default();
    let (dollars, expected) =
        (estimate["dollarsADay"].as_f64().unwrap(), (posts as f64 / days + reposts) * 0.005);
    assert!((dollars - expected).abs() < 0.0051, "{dollars} is not {expected} to the cent");
}
