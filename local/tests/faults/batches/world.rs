//! A machine that collects nothing, and a consumer beside it.

use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use consumer::Consumer;
use local::{Machine, programs};
use posts::Keyword;
use posts::tweets::{Detail, Order, PostQuery};
use serde_json::{Value, json};
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;
use utc_time::UtcTime;

pub(crate) use crate::log::Log;
use crate::virtual_time::folder;
use crate::world::idle_machine;

/// How long to wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const QUEUE: &str = "TweetsFifoQueue.fifo";

pub(crate) struct World {
    pub(crate) machine: Machine,
    pub(crate) http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl World {
    /// Starts a machine that reads no stream.
    pub(crate) async fn start() -> Self {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { machine, http, _data: data }
    }

    pub(crate) fn url(&self, queue: &str) -> String {
        self.machine.aws.queue_url(queue)
    }

    pub(crate) fn consumer(&self, own_metrics: EmbeddedMetrics) -> Consumer {
        Consumer::new(self.machine.aws.sdk(), programs::consumer(&self.machine.aws, true), own_metrics)
    }

    pub(crate) async fn send(&self, group: &str, body: &str) {
        let request =
            aws_sdk_sqs::Client::new(self.machine.aws.sdk()).send_message().queue_url(self.url(QUEUE));
        let request =
            request.message_group_id(group).message_deduplication_id(format!("{group}-{}", body.len()));
        request.message_body(body).send().await.unwrap();
    }

    pub(crate) async fn request(&self, method: reqwest::Method, path: &str) -> (u16, Value) {
        let answer =
            self.http.request(method, format!("http://{}{path}", self.machine.api)).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Waits until there are `count` dead letters; returns them.
    pub(crate) async fn dead_letters(&self, count: usize) -> Vec<Value> {
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

    /// The ids stored under a keyword, and the number of posts in its counts.
    pub(crate) async fn stored(&self, keyword: &str) -> (Vec<String>, u64) {
        let (statistics, tweets) = (self.machine.aws.statistics_table(), self.machine.aws.tweets_table());
        let keyword: Keyword = keyword.parse().unwrap();
        let query = PostQuery::all(keyword.clone(), Order::OldestFirst);
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = tweets.page(&query, 100, after, Detail::Whole).await.unwrap();
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

pub(crate) fn post(id: &str) -> Value {
    json!({ "tweetId": id, "createDate": UtcTime::now(), "text": "text" })
}

pub(crate) fn envelope(keyword: &str, posts: &[Value]) -> String {
    json!({ "version": 1, "keyword": keyword, "posts": posts }).to_string()
}

/// The event that Lambda passes to a consumer. Without a group, the consumer groups messages by keyword.
pub(crate) fn event(messages: &[(String, String)], with_group: bool) -> SqsEvent {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| {
            let attributes = if with_group { json!({ "MessageGroupId": "rust" }) } else { json!({}) };
            json!({ "messageId": id, "body": body, "attributes": attributes, "messageAttributes": {} })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}
