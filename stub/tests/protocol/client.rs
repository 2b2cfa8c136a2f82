//! A client of a stub.

use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use stub::{Account, Options, Source};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const STREAM: &str = "/2/tweets/search/stream";
pub(crate) const RULES: &str = "/2/tweets/search/stream/rules";
pub(crate) const SEARCH: &str = "/2/tweets/search/recent?query=zebra";

/// A stub, and a client with its token.
pub(crate) struct X {
    pub(crate) base: String,
    pub(crate) http: Client,
    _running: DropGuard,
}

impl X {
    /// A stub that posts at this rate.
    pub(crate) async fn start(rate: f64) -> Self {
        Self::with(|options| options.rate = rate).await
    }

    /// A stub with changed options.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut options = Options {
            token: "secret".to_owned(),
            keep_alive: Duration::from_millis(200),
            search_delay: Duration::ZERO,
            ..Options::new(Source::Generator { seed: 3 })
        };
        change(&mut options);
        let shutdown = CancellationToken::new();
        tokio::spawn(stub::serve(listener, options, shutdown.clone()));
        let http = Client::builder().no_proxy().gzip(false).build().unwrap();
        Self { base, http, _running: shutdown.drop_guard() }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth("secret")
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.http.delete(format!("{}{path}", self.base)).bearer_auth("secret")
    }

    /// A stub whose account is an Enterprise one, which has posted at least this many posts about zebras and posts no
    /// more; and the path by which all that matched is recovered.
    pub(crate) async fn enterprise(posts: usize) -> (Self, String) {
        let x = Self::with(|options| (options.rate, options.account) = (500.0, Account::Enterprise)).await;
        let start = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(60);
        x.add("zebra").await;
        x.until("/control/posts", |all| all["posts"].as_array().unwrap().len() > posts).await;
        x.control("rate", json!({ "rate": 0 })).await;
        let end = jiff::Timestamp::now();
        (x, format!("{STREAM}?start_time={start}&end_time={end}"))
    }

    /// The status and the body of the answer to a `GET` request.
    pub(crate) async fn answer(&self, path: &str) -> (u16, Value) {
        answer(self.get(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(format!("{}{path}", self.base)).bearer_auth("secret").json(&body)).await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.answer(path).await.1
    }

    pub(crate) async fn add(&self, value: &str) {
        let (status, _) = self.post(RULES, json!({ "add": [{ "value": value, "tag": value }] })).await;
        assert_eq!(status, 201);
    }

    pub(crate) async fn connect(&self) -> Response {
        let answer = self.get(STREAM).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer
    }

    /// Waits until the stub has noticed that its readers have gone.
    pub(crate) async fn until_nobody_reads(&self) {
        self.until("/control/posts", |all| all["open"] == 0).await;
    }

    /// Changes something on the control path.
    pub(crate) async fn control(&self, what: &str, body: Value) -> Value {
        let (status, answer) = self.post(&format!("/control/{what}"), body).await;
        assert_eq!(status, 202, "{answer}");
        answer
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.control("faults", fault).await;
    }

    /// Waits until `is_so` of the answer to a `GET` request, for at most five seconds. Returns that answer.
    pub(crate) async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let end = tokio::time::Instant::now() + Duration::from_secs(5);
        loop {
            let answer = self.json(path).await;
            if is_so(&answer) {
                return answer;
            }
            assert!(tokio::time::Instant::now() < end, "{path} does not become what is expected: {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The status and the body of an answer.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Bytes until `enough`, the end, or two seconds of silence; and whether the end was an error.
pub(crate) async fn read(answer: Response, enough: impl Fn(&str) -> bool) -> (String, Option<bool>) {
    let mut bytes = Vec::new();
    let mut stream = answer.bytes_stream();
    loop {
        match tokio::time::timeout(Duration::from_secs(2), stream.next()).await {
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Some(Err(_))) => return (String::from_utf8_lossy(&bytes).into_owned(), Some(true)),
            Ok(None) => return (String::from_utf8_lossy(&bytes).into_owned(), Some(false)),
            Err(_) => return (String::from_utf8_lossy(&bytes).into_owned(), None),
        }
        if enough(&String::from_utf8_lossy(&bytes)) {
            return (String::from_utf8_lossy(&bytes).into_owned(), None);
        }
    }
}

/// What a stream that ends in good order still says, within five seconds.
pub(crate) async fn rest(answer: Response) -> String {
    tokio::time::timeout(Duration::from_secs(5), answer.text()).await.unwrap().unwrap()
}

/// The JSON lines of a stream.
pub(crate) fn posts(text: &str) -> Vec<Value> {
    text.split("\r\n").filter_map(|line| serde_json::from_str(line).ok()).collect()
}
