//! Publishing counts to CloudWatch, and storing posts when it accepts none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use service::namespace::Namespace;
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::world::{Log, PATIENCE, World, envelope, event, post};
use crate::hours::virtually_for_hours;
use crate::virtual_time::virtually;

#[test]
fn posts_of_hours_that_cloudwatch_does_not_accept_are_stored() {
    virtually(async {
        let world = World::start().await;
        let mut posts = [post("1"), post("2"), post("3")];
        posts[1]["createDate"] = json!("2020-01-01T00:00:00Z");
        posts[2]["createDate"] = json!("9999-01-01T00:00:00Z");
        let messages = [("1".to_owned(), envelope("rust", &posts))];
        let answer = world
            .consumer(EmbeddedMetrics::nowhere())
            .handle(event(&messages, true), Instant::now() + PATIENCE)
            .await;
        assert!(answer.batch_item_failures.is_empty());
        assert_eq!(world.stored("rust").await.1, 3);
        let range = |from: &str, to: &str| json!({ "from": from, "to": to });
        let publish_again = async |body: Value| {
            let url = format!("http://{}/tweetsStatistics/restate", world.machine.api);
            let answer = world.http.post(url).json(&body).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let (status, published) = publish_again(range("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")).await;
        assert_eq!(status, 200);
        assert_eq!(published, json!({ "values": 0, "outOfReach": ["2020-01-01T00:00:00.000Z"] }));
    });
}

#[test]
fn while_cloudwatch_fails_posts_are_stored_and_the_minute_publishes_their_counts_later() {
    for fate in [Fate::FailsBefore, Fate::Hangs] {
        virtually_for_hours(async {
            let world = World::start().await;
            let log = Log::default();
            let consumer = world.consumer(EmbeddedMetrics::new(log.clone(), &Namespace::default()));
            world.machine.faults.judge(move |call| match call.operation.as_str() {
                "PutMetricData" => fate.clone(),
                _ => Fate::Answered,
            });
            for id in ["1", "2", "3"] {
                let start = Instant::now();
                let messages = [(id.to_owned(), envelope("rust", &[post(id)]))];
                let answer = consumer.handle(event(&messages, true), Instant::now() + PATIENCE).await;
                assert!(
                    answer.batch_item_failures.is_empty(),
                    "the post is stored, so its message must not fail"
                );
                // Trying again would take three seconds.
                let most = if id == "1" { Duration::from_secs(4) } else { Duration::from_millis(2_900) };
                assert!(start.elapsed() < most, "{id} took {:?}", start.elapsed());
            }
            let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            let failed: Vec<Value> = log
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["StatingFailed"].clone())
                .collect();
            assert_eq!(
                failed,
                [json!(1.0), json!(0.0), json!(0.0)],
                "publishing is tried again only after a while"
            );
            assert_eq!(world.stored("rust").await.1, 3);
            tokio::time::sleep(Duration::from_secs(3 * 60 * 60)).await;
            world.machine.faults.end();
            let counts = async || {
                let path = "/tweetsStatistics?keyword=rust&by=hour&source=cloudwatch";
                world.request(reqwest::Method::GET, path).await
            };
            let (mut minutes, mut counted) = (0, counts().await);
            while (counted.0, &counted.1["total"], &counted.1["differing"]) != (200, &json!(3), &json!(0)) {
                assert!(minutes < 5, "{counted:?}");
                minutes += 1;
                tokio::time::sleep(Duration::from_secs(60)).await;
                counted = counts().await;
            }
        });
    }
}

#[test]
fn an_hour_of_a_keyword_is_published_at_its_first_post_and_then_once_an_hour_at_most() {
    virtually_for_hours(async {
        let world = World::start().await;
        let consumer = world.consumer(EmbeddedMetrics::nowhere());
        let published = Arc::new(Mutex::new(0));
        let count = Arc::clone(&published);
        world.machine.faults.judge(move |call| {
            *count.lock().unwrap() +=
                usize::from(call.operation == "PutMetricData" && call.caller != "minute");
            Fate::Answered
        });
        let mut id = 0;
        // All are of one hour, whenever the test runs.
        let at = UtcTime::now().start_of_hour();
        let mut store = async |keyword: &str| {
            id += 1;
            let post = json!({ "tweetId": id.to_string(), "createDate": at, "text": "text" });
            let messages = [(id.to_string(), envelope(keyword, &[post]))];
            consumer.handle(event(&messages, true), Instant::now() + PATIENCE).await;
            *published.lock().unwrap()
        };
        assert_eq!((store("rust").await, store("rust").await, store("go").await), (1, 1, 2));
        tokio::time::sleep(Duration::from_secs(3590)).await;
        assert_eq!(store("rust").await, 2);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!((store("rust").await, store("rust").await), (3, 3));
    });
}
