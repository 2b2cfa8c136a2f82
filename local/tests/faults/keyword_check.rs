//! X is asked about a new keyword: what it refuses is not requested, and what it cannot be asked about is.

use std::time::Duration;

use local::{Machine, Options, Stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::virtual_time::{folder, virtually};

const RULES: &str = "/2/tweets/search/stream/rules";

/// How many requests about rules X allows in [`WINDOW`].
const WRITES: u64 = 100;

/// The period in which X counts requests, and the second to which its end is rounded up.
const WINDOW: Duration = Duration::from_secs(15 * 60 + 1);

/// A stub, and a machine without a streamer that asks it about keywords.
struct World {
    stub: stub::Spawned,
    machine: Machine,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        Self::bearing("stub-token").await
    }

    /// A world in which this token is stored.
    async fn bearing(token: &str) -> Self {
        service::aws::install_tls();
        let stub = stub::spawn(stub::Options::new(stub::Source::Generator { seed: 5 })).await.unwrap();
        let data = folder();
        let (url, token) = (stub.url.clone(), token.to_owned());
        let stream = Stream::Elsewhere { url, token, backfill_minutes: 0 };
        let options = Options { streamer_elsewhere: Some(0), ..Options::new(data.path(), stream) };
        let machine = Machine::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { stub, machine, http, _data: data }
    }

    /// Requests a keyword; returns the status and the body of the answer.
    async fn request(&self, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("http://{}/stream", self.machine.api)).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The requested keywords.
    async fn requested(&self) -> Vec<String> {
        let request = self.http.get(format!("http://{}/stream", self.machine.api));
        let stream: Value = request.send().await.unwrap().json().await.unwrap();
        let keywords = stream["keywords"].as_array().unwrap().iter();
        keywords.map(|keyword| keyword["keyword"].as_str().unwrap().to_owned()).collect()
    }

    /// How many rules there are.
    async fn rules(&self) -> u64 {
        let request = self.http.get(format!("{}{RULES}", self.stub.url)).bearer_auth("stub-token");
        let rules: Value = request.send().await.unwrap().json().await.unwrap();
        rules["meta"]["result_count"].as_u64().unwrap()
    }

    /// Sends the stub a rule to be added, or asks about it with the query `?dry_run=true`.
    async fn update_rules(&self, query: &str, rule: &str) -> reqwest::Response {
        let request = self.http.post(format!("{}{RULES}{query}", self.stub.url)).bearer_auth("stub-token");
        request.json(&json!({ "add": [{ "value": rule }] })).send().await.unwrap()
    }

    /// Why the stub refuses a rule.
    async fn refusal(&self, rule: &str) -> String {
        let answer: Value = self.update_rules("?dry_run=true", rule).await.json().await.unwrap();
        answer["errors"][0]["details"][0].as_str().unwrap().to_owned()
    }

    /// How many requests about rules there have been, before this one.
    async fn writes(&self) -> u64 {
        let answer = self.update_rules("?dry_run=true", "own").await;
        let remaining: u64 = answer.headers()["x-rate-limit-remaining"].to_str().unwrap().parse().unwrap();
        WRITES - 1 - remaining
    }

    async fn fault(&self, fault: Value) {
        let request = self.http.post(format!("{}/control/faults", self.stub.url)).json(&fault);
        assert_eq!(request.send().await.unwrap().status(), 202, "{fault}");
    }
}

#[test]
fn what_x_refuses_is_refused_in_its_words_and_is_not_requested() {
    virtually(async {
        let world = World::start().await;
        for (body, rule) in [
            (json!({ "keyword": "(" }), "("),
            (json!({ "keyword": "from:" }), "from:"),
            (json!({ "keyword": "has:images", "reposts": false }), "(has:images) -is:retweet"),
        ] {
            let words = world.refusal(rule).await;
            let (status, problem) = world.request(body.clone()).await;
            assert_eq!((status, &problem["field"]), (422, &json!("keyword")), "{body}: {problem}");
            assert_eq!(problem["detail"], format!("`keyword` was rejected by X: {words}"), "{body}");
        }
        assert_eq!(world.requested().await, [""; 0]);
        assert_eq!(world.rules().await, 0);
    });
}

#[test]
fn a_keyword_is_asked_about_once_when_it_is_new_and_when_it_changes_and_no_rule_is_added() {
    virtually(async {
        let world = World::start().await;
        world.update_rules("", "theirs").await;
        for (body, writes) in [
            (json!({ "keyword": "rust OR iron" }), 1),
            (json!({ "keyword": "rust OR iron" }), 0),
            (json!({ "keyword": "rust OR iron", "reposts": true }), 0),
            (json!({ "keyword": "rust OR iron", "reposts": false }), 1),
            (json!({ "keyword": "rust OR iron" }), 0),
            // X says that it has this rule already, which is no reason to refuse it.
            (json!({ "keyword": "theirs" }), 1),
        ] {
            let before = world.writes().await;
            assert_eq!(world.request(body.clone()).await.0, 202, "{body}");
            assert_eq!(world.writes().await - before - 1, writes, "{body}");
        }
        assert_eq!(world.requested().await, ["rust OR iron", "theirs"]);
        assert_eq!(world.rules().await, 1, "no other than theirs");
    });
}

#[test]
fn a_keyword_is_taken_if_x_fails_or_is_slow() {
    virtually(async {
        let world = World::start().await;
        for status in [401, 402, 403, 429, 503] {
            world.fault(json!({ "fault": "status", "status": status, "seconds": 10 })).await;
            let (answered, body) = world.request(json!({ "keyword": format!("( {status}") })).await;
            assert_eq!(answered, 202, "{status}: {body}");
            tokio::time::sleep(Duration::from_secs(11)).await;
        }
        world.fault(json!({ "fault": "slow", "milliseconds": 60_000, "seconds": 1 })).await;
        let asked = Instant::now();
        assert_eq!(world.request(json!({ "keyword": "( slow" })).await.0, 202);
        let waited = asked.elapsed().as_secs_f64();
        assert!((3.0..30.0).contains(&waited), "{waited}");
        assert_eq!(world.requested().await.len(), 6);

        world.fault(json!({ "fault": "slow", "milliseconds": 1000, "seconds": 60 })).await;
        assert_eq!(world.request(json!({ "keyword": "( late" })).await.0, 422, "a second is in time");
    });
}

#[test]
fn a_keyword_is_taken_if_x_takes_no_token_of_ours() {
    for token in ["", "wrong", "un\nusable"] {
        virtually(async move {
            let world = World::bearing(token).await;
            assert_eq!(world.request(json!({ "keyword": "(" })).await.0, 202, "{token:?}");
            assert_eq!(world.writes().await, 0, "{token:?}");
        });
    }
}

#[test]
fn half_of_what_x_allows_is_left_to_the_streamer() {
    virtually(async {
        let world = World::start().await;
        for number in 0..WRITES / 2 {
            let (status, body) = world.request(json!({ "keyword": format!("( {number}") })).await;
            assert_eq!(status, 422, "{number}: {body}");
        }
        assert_eq!(world.request(json!({ "keyword": "(" })).await.0, 202);
        assert_eq!(world.writes().await, WRITES / 2);
        tokio::time::sleep(WINDOW).await;
        assert_eq!(world.request(json!({ "keyword": "( next window" })).await.0, 422);
    });
}
