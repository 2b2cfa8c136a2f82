//! The consumer's batches, with the tables and queues of one machine.

mod dead_letters;
mod publishing;
pub(crate) mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use service::namespace::Namespace;
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;

use self::world::{Log, PATIENCE, World, envelope, event, post};
use crate::virtual_time::virtually;

#[test]
fn the_outcome_of_a_batch_is_logged_as_metrics() {
    virtually(async {
        let world = World::start().await;
        let log = Log::default();
        let consumer = world.consumer(EmbeddedMetrics::new(log.clone(), &Namespace::default()));
        let posts = [post("1"), post("2"), json!({ "tweetId": "3" })];
        let messages =
            [("1".to_owned(), envelope("rust", &posts)), ("2".to_owned(), envelope("rust", &[post("1")]))];
        consumer.handle(event(&messages, true), Instant::now() + PATIENCE).await;
        let line: Value = serde_json::from_slice(&log.0.lock().unwrap()).unwrap();
        let bytes: usize = messages.iter().map(|(_, body)| body.len()).sum();
        for (name, value) in [
            ("PostsNew", 2.0),
            ("PostsRepeated", 1.0),
            ("GivenUp", 1.0),
            ("TransactionsRetried", 0.0),
            ("MessageBytes", bytes as f64),
        ] {
            assert_eq!(line[name], value, "{name} of {line}");
        }
        assert!(line["ConsumerLag"].as_f64().unwrap() < 10_000.0, "{line}");
    });
}

/// After a visibility timeout, two consumers may handle the same group concurrently.
#[test]
fn concurrent_consumers_store_and_count_every_post_once() {
    virtually(async {
        let world = World::start().await;
        for seed in 0..25_u64 {
            let keyword = format!("rust {seed}");
            // Consecutive messages share posts.
            let messages: Vec<(String, String)> = (0..6)
                .map(|message| {
                    let posts: Vec<Value> =
                        (0..8).map(|index| post(&(message * 5 + index + 1).to_string())).collect();
                    (message.to_string(), envelope(&keyword, &posts))
                })
                .collect();
            let mut random = fastrand::Rng::with_seed(seed);
            world.machine.faults.judge(move |call| match (call.operation.as_str(), random.u8(0..10)) {
                ("TransactWriteItems" | "PutMetricData" | "Query", 0) => Fate::FailsBefore,
                ("TransactWriteItems" | "PutMetricData" | "Query", 1 | 2) => Fate::FailsAfter,
                _ => Fate::Answered,
            });
            let handle = async |messages: &[(String, String)], with_group: bool| {
                let consumer = world.consumer(EmbeddedMetrics::nowhere());
                let mut left = messages.to_vec();
                for _ in 0..30 {
                    if left.is_empty() {
                        return;
                    }
                    let answer = consumer.handle(event(&left, with_group), Instant::now() + PATIENCE).await;
                    let failed: Vec<String> = answer
                        .batch_item_failures
                        .into_iter()
                        .map(|failure| failure.item_identifier)
                        .collect();
                    left.retain(|(id, _)| failed.contains(id));
                }
                assert!(left.is_empty(), "seed {seed}: {left:?} failed again and again");
            };
            tokio::join!(
                handle(&messages, true),
                handle(&messages[2..], false),
                handle(&messages[..4], true)
            );
            world.machine.faults.end();
            let (ids, counted) = world.stored(&keyword).await;
            let once: BTreeMap<&String, ()> = ids.iter().map(|id| (id, ())).collect();
            assert_eq!((ids.len(), once.len(), counted), (33, 33, 33), "seed {seed}");
        }
    });
}

#[test]
fn after_a_failure_the_later_messages_of_the_group_fail_and_no_others() {
    virtually(async {
        let world = World::start().await;
        let body = |keyword: &str, id: &str| envelope(keyword, &[post(id)]);
        let messages: Vec<(String, String)> = [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")]
            .map(|(keyword, id)| (id.to_owned(), body(keyword, id)))
            .to_vec();
        // The first transaction fails, and so do the client's retries.
        let mut transactions = 0;
        world.machine.faults.judge(move |call| {
            transactions += usize::from(call.operation == "TransactWriteItems");
            if call.operation == "TransactWriteItems" && transactions <= 3 {
                Fate::FailsBefore
            } else {
                Fate::Answered
            }
        });
        let consumer = world.consumer(EmbeddedMetrics::nowhere());
        let failures = async |left: Duration| -> Vec<String> {
            let answer = consumer.handle(event(&messages, false), Instant::now() + left).await;
            answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
        };
        assert_eq!(failures(PATIENCE).await, ["1", "3"]);
        assert_eq!(
            failures(Duration::ZERO).await,
            ["1", "2", "3", "4"],
            "nothing is started without time left"
        );
        assert_eq!(world.stored("b").await.1, 2);
        assert_eq!(failures(PATIENCE).await, [""; 0]);
        assert_eq!(world.stored("a").await.1, 2);
    });
}

#[test]
fn whichever_call_hangs_the_consumer_answers_in_time() {
    for operation in ["TransactWriteItems", "BatchGetItem", "UpdateItem", "GetItem", "PutItem"] {
        virtually(async {
            let world = World::start().await;
            let consumer = world.consumer(EmbeddedMetrics::nowhere());
            let mut changed = post("1");
            changed["editedAt"] = json!("2030-01-01T00:00:00Z");
            let body = json!({ "version": 1, "keyword": "rust", "posts": [changed], "removed": ["2"] });
            let messages = [("1".to_owned(), body.to_string())];
            world
                .machine
                .faults
                .judge(move |call| if call.operation == operation { Fate::Hangs } else { Fate::Answered });
            let (start, time) = (Instant::now(), Duration::from_secs(20));
            let answer = consumer.handle(event(&messages, true), start + time).await;
            assert!(start.elapsed() < time, "{operation}: {:?}", start.elapsed());
            let failed = answer.batch_item_failures.len();
            assert_eq!(
                failed,
                usize::from(operation != "PutItem"),
                "a hanging {operation} keeps the post from being stored"
            );
            world.machine.faults.end();
            let answer = consumer.handle(event(&messages, true), Instant::now() + time).await;
            assert!(answer.batch_item_failures.is_empty(), "{operation}");
            assert_eq!(world.stored("rust").await.1, 1);
        });
    }
}
