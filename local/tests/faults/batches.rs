//! The consumer's batches and its dead letters, over the tables and queues of one machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use consumer::Consumer;
use local::{Fate, Machine, config};
use posts::Keyword;
use posts::statistics::StatisticsTable;
use posts::tweets::{Order, PostQuery, TweetsTable};
use serde_json::{Value, json};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::idle_machine;

/// How long anything may take that is awaited here.
const PATIENCE: Duration = Duration::from_secs(30);

const QUEUE: &str = "000000000000/TweetsFifoQueue.fifo";
const DEAD_LETTERS: &str = "000000000000/TweetsDeadLetterQueue.fifo";

struct World {
    machine: Machine,
    http: reqwest::Client,
    aws: aws_config::SdkConfig,
    _data: tempfile::TempDir,
}

impl World {
    /// A machine that reads no stream.
    async fn start() -> Self {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let aws = config(&format!("http://{}", machine.aws)).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { machine, http, aws, _data: data }
    }

    fn url(&self, queue: &str) -> String {
        format!("http://{}/{queue}", self.machine.aws)
    }

    fn consumer(&self, own_metrics: EmbeddedMetrics) -> Consumer {
        let config = consumer::Config {
            status_table: "StreamStatusTable".to_owned(),
            stream_id: "x".to_owned(),
            tweets_table: "TweetsTable".to_owned(),
            statistics_table: "StatisticsTable".to_owned(),
            tweets_queue_url: self.url(QUEUE),
            dead_letter_queue_url: self.url(DEAD_LETTERS),
        };
        Consumer::new(&self.aws, config, own_metrics)
    }

    async fn send(&self, group: &str, body: &str) {
        let request = aws_sdk_sqs::Client::new(&self.aws).send_message().queue_url(self.url(QUEUE));
        let request =
            request.message_group_id(group).message_deduplication_id(format!("{group}-{}", body.len()));
        request.message_body(body).send().await.unwrap();
    }

    async fn request(&self, method: reqwest::Method, path: &str) -> (u16, Value) {
        let answer =
            self.http.request(method, format!("http://{}{path}", self.machine.api)).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// The dead letters, once there are as many as that.
    async fn dead_letters(&self, count: usize) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let (status, letters) = self.request(reqwest::Method::GET, "/deadLetters").await;
            assert_eq!(status, 200, "{letters}");
            let list = letters["letters"].as_array().unwrap().clone();
            if list.len() == count && letters["count"] == count {
                return list;
            }
            assert!(Instant::now() < end, "{letters}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The ids stored under a keyword, and how many the counts say there are.
    async fn stored(&self, keyword: &str) -> (Vec<String>, u64) {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.aws);
        let statistics = StatisticsTable::new(dynamodb.clone(), "StatisticsTable".to_owned());
        let tweets = TweetsTable::new(dynamodb, "TweetsTable".to_owned(), statistics.clone());
        let keyword: Keyword = keyword.parse().unwrap();
        let wanted = PostQuery::all(keyword.clone(), Order::OldestFirst);
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = tweets.page(&wanted, 100, after).await.unwrap();
            ids.extend(page.posts.into_iter().map(|stored| stored.post.tweet_id.to_string()));
            after = page.next;
            if after.is_none() {
                let first = UtcTime::from_millis(0).unwrap();
                let last = first.after(std::time::Duration::MAX);
                let counts = statistics.between(&keyword, first, last).await.unwrap();
                return (ids, counts.iter().map(|count| count.collected).sum());
            }
        }
    }
}

fn post(id: &str) -> Value {
    json!({ "tweetId": id, "createDate": UtcTime::now(), "text": "text" })
}

fn envelope(keyword: &str, posts: &[Value]) -> String {
    json!({ "version": 1, "keyword": keyword, "posts": posts }).to_string()
}

#[test]
fn what_can_never_be_stored_is_a_dead_letter_with_its_reason_and_harms_nothing_else() {
    virtually(async {
        let world = World::start().await;
        let with = |field: &str, value: Value| {
            let mut post = post("9");
            post[field] = value;
            post
        };
        let bad = [
            with("tweetId", json!(null)),
            with("createDate", json!("yesterday")),
            with("text", json!("x".repeat(400 * 1024))),
        ];
        let posts = [&[post("1")], &bad[..], &[post("2")]].concat();
        world.send("good", &envelope("good", &posts)).await;
        world.send("future", r#"{"version":2,"anything":"else"}"#).await;
        world.send("truncated", &envelope("truncated", &[post("3")])[..60]).await;
        world.send("long", &envelope(&"k".repeat(2048), &[post("4")])).await;
        let letters = world.dead_letters(6).await;
        let mut reasons: Vec<&str> =
            letters.iter().map(|letter| letter["reason"].as_str().unwrap()).collect();
        reasons.sort_unstable();
        assert_eq!(
            reasons,
            [
                "the envelope has version 2, this program reads versions up to 1",
                "the envelope's keyword is invalid: a keyword may be at most 512 bytes of UTF-8 long, this one is 2048",
                "the message is truncated: its JSON is incomplete at line 1, column 60",
                "the post has 409665 bytes of JSON, the limit is 262144",
                "the post has no valid createDate",
                "the post has no valid tweetId",
            ]
        );
        assert_eq!(world.stored("good").await, (vec!["1".to_owned(), "2".to_owned()], 2));
        let of_good: Vec<&Value> = letters.iter().filter(|letter| letter["keyword"] == "good").collect();
        assert_eq!(of_good.len(), 3);

        // Sent again it fails again, for it is as bad as before.
        let future =
            letters.iter().find(|letter| letter["reason"].as_str().unwrap().contains("version 2")).unwrap();
        let path = format!("/deadLetters/{}/redrive", future["id"].as_str().unwrap());
        assert_eq!(world.request(reqwest::Method::POST, &path).await.0, 204);
        let again = world.dead_letters(6).await;
        assert!(!again.iter().any(|letter| letter["id"] == future["id"]), "it is another letter now");

        for letter in &again {
            let path = format!("/deadLetters/{}", letter["id"].as_str().unwrap());
            assert_eq!(world.request(reqwest::Method::DELETE, &path).await.0, 204);
            let (status, problem) = world.request(reqwest::Method::DELETE, &path).await;
            assert_eq!((status, problem["status"].as_u64()), (404, Some(404)), "{problem}");
        }
        world.dead_letters(0).await;
    });
}

#[test]
fn what_failed_for_a_passing_reason_is_stored_when_it_is_sent_again() {
    virtually(async {
        let world = World::start().await;
        // Given up by hand: waiting for five failures would take minutes.
        let sqs = aws_sdk_sqs::Client::new(&world.aws);
        let letter =
            posts::dead_letters::DeadLetterQueue::new(sqs, world.url(DEAD_LETTERS), world.url(QUEUE));
        letter.put("a", "rust", &envelope("rust", &[post("1")]), "the tables were away").await.unwrap();
        letter
            .put("b", "rust", &envelope("rust", &[post("1"), post("2")]), "the tables were away")
            .await
            .unwrap();
        let letters = world.dead_letters(2).await;
        assert_eq!(letters[1]["posts"], json!(["1", "2"]));
        let (status, answer) = world.request(reqwest::Method::POST, "/deadLetters/redrive").await;
        assert_eq!((status, answer), (202, json!({ "redriven": "beingMoved" })));
        let end = Instant::now() + PATIENCE;
        while world.stored("rust").await != (vec!["1".to_owned(), "2".to_owned()], 2) {
            assert!(Instant::now() < end);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        world.dead_letters(0).await;
    });
}

#[test]
fn posts_of_hours_that_cloudwatch_does_not_take_are_stored_all_the_same() {
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
        let restate = async |body: Value| {
            let url = format!("http://{}/tweetsStatistics/restate", world.machine.api);
            let answer = world.http.post(url).json(&body).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let (status, stated) = restate(range("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")).await;
        assert_eq!(status, 200);
        assert_eq!(stated, json!({ "values": 0, "outOfReach": ["2020-01-01T00:00:00.000Z"] }));
    });
}

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_became_of_a_batch_stands_in_the_log_as_metrics() {
    virtually(async {
        let world = World::start().await;
        let log = Log::default();
        let consumer = world.consumer(EmbeddedMetrics::new(log.clone()));
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

/// What Lambda hands to a consumer. Without a group, it is the keyword's.
fn event(messages: &[(String, String)], with_group: bool) -> SqsEvent {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| {
            let attributes = if with_group { json!({ "MessageGroupId": "rust" }) } else { json!({}) };
            json!({ "messageId": id, "body": body, "attributes": attributes, "messageAttributes": {} })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// After a visibility timeout two consumers may handle the same group at once.
#[test]
fn two_consumers_at_once_store_and_count_every_post_once() {
    virtually(async {
        let world = World::start().await;
        for seed in 0..25_u64 {
            let keyword = format!("rust {seed}");
            // Posts overlap from message to message.
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
fn after_a_failure_all_later_messages_of_the_group_fail_and_no_others() {
    virtually(async {
        let world = World::start().await;
        let body = |keyword: &str, id: &str| envelope(keyword, &[post(id)]);
        let messages: Vec<(String, String)> = [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")]
            .map(|(keyword, id)| (id.to_owned(), body(keyword, id)))
            .to_vec();
        // The first transaction, and whatever the client makes of it.
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
        assert_eq!(failures(Duration::ZERO).await, ["1", "2", "3", "4"], "without time nothing is begun");
        assert_eq!(world.stored("b").await.1, 2);
        assert_eq!(failures(PATIENCE).await, [""; 0]);
        assert_eq!(world.stored("a").await.1, 2);
    });
}

#[test]
fn what_cloudwatch_does_not_take_is_stored_all_the_same_and_stated_by_the_minute() {
    for fate in [Fate::FailsBefore, Fate::Hangs] {
        virtually(async {
            let world = World::start().await;
            let log = Log::default();
            let consumer = world.consumer(EmbeddedMetrics::new(log.clone()));
            world.machine.faults.judge(move |call| match call.operation.as_str() {
                "PutMetricData" => fate.clone(),
                _ => Fate::Answered,
            });
            for id in ["1", "2", "3"] {
                let start = Instant::now();
                let messages = [(id.to_owned(), envelope("rust", &[post(id)]))];
                let answer = consumer.handle(event(&messages, true), Instant::now() + PATIENCE).await;
                assert!(answer.batch_item_failures.is_empty(), "stored is stored");
                let most = if id == "1" { Duration::from_secs(4) } else { Duration::from_secs(1) };
                assert!(start.elapsed() < most, "{id} took {:?}", start.elapsed());
            }
            let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            let failed: Vec<Value> = log
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["StatingFailed"].clone())
                .collect();
            assert_eq!(failed, [json!(1.0), json!(0.0), json!(0.0)], "it is tried again after a while only");
            assert_eq!(world.stored("rust").await.1, 3);
            tokio::time::sleep(Duration::from_secs(3 * 60 * 60)).await;
            world.machine.faults.end();
            tokio::time::sleep(Duration::from_secs(90)).await;
            let (status, counts) = world
                .request(reqwest::Method::GET, "/tweetsStatistics?keyword=rust&by=hour&source=cloudwatch")
                .await;
            assert_eq!(
                (status, &counts["total"], &counts["differing"]),
                (200, &json!(3), &json!(0)),
                "{counts}"
            );
        });
    }
}

#[test]
fn whatever_hangs_an_answer_comes_in_time() {
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
                "{operation} stands in the way of storing"
            );
            world.machine.faults.end();
            let answer = consumer.handle(event(&messages, true), Instant::now() + time).await;
            assert!(answer.batch_item_failures.is_empty(), "{operation}");
            assert_eq!(world.stored("rust").await.1, 1);
        });
    }
}
