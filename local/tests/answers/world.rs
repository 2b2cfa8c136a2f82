//! A machine that collects nothing, and a stand-in for X that only counts posts.

use std::time::Duration;

use api::{Keys, Scope};
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::get;
use local::{Machine, Options, Stream};
use posts::dead_letters::DeadLetterQueue;
use posts::tweets::TweetsTable;
use posts::{Keyword, Post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use utc_time::UtcTime;

pub(crate) struct World {
    pub(crate) machine: Machine,
    pub(crate) tweets: TweetsTable,
    pub(crate) dead_letters: DeadLetterQueue,
    http: reqwest::Client,
    pub(crate) api: String,
    pub(crate) data: tempfile::TempDir,
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self::of(data, false).await
    }

    /// A machine that requires a key, a key with the scope `read`, and one with the scope `control`.
    pub(crate) async fn guarded() -> (Self, String, String) {
        let data = tempfile::tempdir().unwrap();
        let mut keys = Keys::default();
        let reader = keys.add("reader", Scope::Read, UtcTime::now()).unwrap();
        let owner = keys.add("owner", Scope::Control, UtcTime::now()).unwrap();
        std::fs::write(data.path().join("api-keys.json"), keys.to_json().unwrap()).unwrap();
        (Self::of(data, true).await, reader, owner)
    }

    pub(crate) async fn of(data: tempfile::TempDir, require_key: bool) -> Self {
        let stream = Stream::Elsewhere { url: x().await, token: "token".to_owned(), backfill_minutes: 0 };
        let options = Options { require_key, ..Options::new(data.path(), stream) };
        let machine = Machine::start(options).await.unwrap();
        Self {
            tweets: machine.aws.tweets_table(),
            dead_letters: machine.aws.dead_letter_queue(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            api: format!("http://{}", machine.api),
            machine,
            data,
        }
    }

    /// Stores posts under a keyword, as the consumer does.
    pub(crate) async fn store(&self, keyword: &str, posts: &[Post]) {
        let keyword: Keyword = keyword.parse().unwrap();
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let soon = tokio::time::Instant::now() + Duration::from_secs(30);
        self.tweets.insert(&keyword, posts, now, soon).await.unwrap();
    }

    pub(crate) async fn ask(&self, request: &str) -> Answer {
        self.ask_with(request, None, None).await
    }

    /// Sends the request `METHOD /path` with an optional JSON body and an optional key.
    pub(crate) async fn ask_with(&self, request: &str, body: Option<&str>, key: Option<&str>) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.api));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn json(&self, request: &str) -> Value {
        self.ask(request).await.json()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// A post with this id, written `second` seconds after 2026-11-23T10:00:00Z.
pub(crate) fn post(id: u64, second: u64, text: &str, country: Option<&str>, language: Option<&str>) -> Post {
    let date = at(second);
    let post = json!({
        "tweetId": id.to_string(), "createDate": date, "text": text, "country": country,
        "countrySource": country.map(|_| "place"), "language": language, "authorUsername": "someone",
    });
    serde_json::from_value(post).unwrap()
}

/// The time `second` seconds after 2026-11-23T10:00:00Z.
pub(crate) fn at(second: u64) -> UtcTime {
    let ten: UtcTime = "2026-11-23T10:00:00Z".parse().unwrap();
    ten.after(Duration::from_secs(second))
}

/// A stand-in for X that counts posts, and fails for some keywords; returns its base URL.
async fn x() -> String {
    async fn counts(
        Query(parameters): Query<std::collections::BTreeMap<String, String>>,
    ) -> (StatusCode, [(&'static str, &'static str); 1], String) {
        let day = |day: u32, count: u64| {
            json!({
                "start": format!("2026-11-{day}T00:00:00.000Z"), "end": format!("2026-11-{}T00:00:00.000Z", day + 1),
                "post_count": count, "tweet_count": count,
            })
        };
        let (status, body) = match parameters["query"].as_str() {
            "(" => (400, json!({ "errors": [{ "message": "missing ')' at the end" }], "detail": "invalid" })),
            "often" => (429, json!({})),
            "token" => (401, json!({})),
            "broken" => (500, json!({})),
            _ => (200, json!({ "data": [day(22, 500), day(23, 200)], "meta": { "total_post_count": 700 } })),
        };
        (StatusCode::from_u16(status).unwrap(), [("x-rate-limit-reset", "1")], body.to_string())
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/2/tweets/counts/recent", get(counts));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
