//! X and a Mastodon server in one deployment: each has a stream of its own, and one API and one reconciler are over both.

use std::time::Duration;

use api::{ControlApi, ControlConfig, ControlledStreamConfig, ReadApi, Reconciled, every_minute, reconcile};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use local::{Fate, programs};
use serde_json::{Value, json};
use service::namespace::Namespace;
use service::own_metrics::EmbeddedMetrics;
use stream::SourceName;
use streamer::{Config, Ended, SourceConfig};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::log::Log;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// Mastodon's stream beside the one of `control`. A machine's ECS knows no such task definition, so its streamer is started by hand.
fn mastodon_beside(control: &ControlConfig) -> ControlledStreamConfig {
    ControlledStreamConfig {
        stream: SourceName::Mastodon.into(),
        task_definition: "mastodon".to_owned().into(),
        ..control.streams[0].clone()
    }
}

/// A deployment on a world's machine that reads Mastodon, and X no more.
fn without_x(world: &World) -> ControlConfig {
    let aws = &world.machine.as_ref().unwrap().aws;
    let with_x = programs::control(aws, Some(world.stub.clone()));
    let streams = vec![mastodon_beside(&with_x)];
    ControlConfig { streams, retired: with_x.streams, ..programs::control(aws, None) }
}

/// The world's machine reads X; here is what a deployment has beside it that reads the same stub as a Mastodon server too.
struct Both {
    world: World,
    control: ControlApi,
    api: Router,
    _data: tempfile::TempDir,
}

impl Both {
    async fn start() -> Self {
        let data = folder();
        let world = World::empty(data.path(), Settings::seed(16)).await;
        let aws = &world.machine.as_ref().unwrap().aws;
        let mut read = programs::read(aws, SourceName::X);
        read.streams.push(SourceName::Mastodon.into());
        let mut control = programs::control(aws, Some(world.stub.clone()));
        control.streams.push(mastodon_beside(&control));
        let control = ControlApi::new(aws.sdk(), control);
        let api = api::whole(ReadApi::new(aws.sdk(), read), control.clone(), None);
        Self { world, control, api, _data: data }
    }

    /// Mastodon's streamer, as its task runs it.
    fn streamer(&self) -> JoinHandle<Ended> {
        let aws = &self.world.machine.as_ref().unwrap().aws;
        let source = SourceConfig::Mastodon {
            url: self.world.stub.clone(),
            token_parameter: None,
            honour_opt_out: false,
        };
        let config = Config {
            stream_id: "mastodon".to_owned(),
            owner: "by hand".to_owned(),
            ..programs::streamer(aws, source, None, None, false)
        };
        let sdk = aws.sdk().clone();
        tokio::spawn(async move {
            streamer::run(config, &sdk, EmbeddedMetrics::nowhere(), CancellationToken::new()).await.unwrap()
        })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    async fn start_keyword(&self, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, "/stream", Some(body)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer
    }

    /// The keywords that are requested of a source.
    async fn keywords(&self, source: &str) -> Vec<String> {
        let stream = self.get(&format!("/stream?source={source}")).await;
        assert_eq!(stream["source"], source);
        let keywords = stream["keywords"].as_array().unwrap().iter();
        keywords.map(|each| each["keyword"].as_str().unwrap().to_owned()).collect()
    }

    /// What the minute reports.
    async fn gauge(&self, name: &str) -> Value {
        let log = Log::default();
        let own_metrics = EmbeddedMetrics::new(log.clone(), &Namespace::default());
        // Mastodon's task cannot be started here, which the minute says.
        let _ = every_minute(&self.control, &own_metrics).await;
        let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let mut values =
            lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).unwrap().get(name).cloned());
        values.next().unwrap()
    }
}

#[test]
fn a_keyword_is_collected_from_both_sources_and_each_can_be_stopped() {
    virtually(async {
        let both = Both::start().await;
        let started = both.start_keyword(json!({ "keyword": "#zebra", "sources": ["x", "mastodon"] })).await;
        assert_eq!(started["sources"][1]["source"], "mastodon");
        let streamer = both.streamer();
        let of_mastodon = |id: &Value| id.as_str().unwrap().starts_with("127.0.0.1:");
        both.world
            .until("posts of both are stored", async |_| {
                let page = both.get("/tweets?keyword=%23zebra&limit=100").await;
                let tweets = page["tweets"].as_array().unwrap();
                let count = tweets.iter().filter(|tweet| of_mastodon(&tweet["tweetId"])).count();
                count > 0 && count < tweets.len()
            })
            .await;
        let (x, mastodon) = (both.get("/stream").await, both.get("/stream?source=mastodon").await);
        let running = json!([
            { "source": "x", "state": "running", "openGaps": 0 },
            { "source": "mastodon", "state": "running", "openGaps": 0 },
        ]);
        assert_eq!((&x["source"], &x["sources"]), (&json!("x"), &running));
        assert_eq!((&mastodon["source"], &mastodon["sources"]), (&json!("mastodon"), &running));
        assert_eq!(mastodon["lease"]["owner"], "by hand");
        // X charges, Mastodon does not.
        assert!(x["today"]["dollars"].as_f64().unwrap() > 0.0, "{x}");
        assert_eq!(
            (mastodon["today"]["dollars"].as_f64(), mastodon["compliance"].is_null()),
            (Some(0.0), true)
        );

        both.ask(Method::DELETE, "/stream?keyword=%23zebra&source=x", None).await;
        assert_eq!(
            (both.keywords("x").await, both.keywords("mastodon").await),
            (vec![], vec!["#zebra".to_owned()])
        );
        // It is still being collected.
        let forget = "/tweets?keyword=%23zebra&confirm=%23zebra";
        assert_eq!(both.ask(Method::DELETE, forget, None).await.0, StatusCode::CONFLICT);
        let (status, _) = both.ask(Method::DELETE, "/stream?keyword=%23zebra&source=x", None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);

        both.ask(Method::DELETE, "/stream", None).await;
        assert_eq!(both.keywords("mastodon").await, Vec::<String>::new());
        let ended = tokio::time::timeout(Duration::from_secs(120), streamer).await.unwrap().unwrap();
        assert_eq!(ended, Ended::NothingRequested);
        assert_eq!(both.get("/stream/gaps?source=mastodon&state=closed").await["source"], "mastodon");
    });
}

#[test]
fn sources_are_chosen_kept_and_refused_by_name() {
    virtually(async {
        let both = Both::start().await;
        // Without a word about sources, it is X, of whom a client may know alone.
        both.start_keyword(json!({ "keyword": "zebra" })).await;
        assert_eq!(
            (both.keywords("x").await, both.keywords("mastodon").await),
            (vec!["zebra".to_owned()], vec![])
        );
        both.ask(Method::DELETE, "/stream", None).await;
        both.start_keyword(json!({ "keyword": "lion", "sources": ["mastodon"] })).await;
        // What is collected from one source stays there.
        let answer = both.start_keyword(json!({ "keyword": "lion", "reposts": false })).await;
        assert_eq!(
            (&answer["source"], &answer["keywords"][0]["reposts"]),
            (&json!("mastodon"), &json!(false))
        );
        assert_eq!(
            (both.keywords("x").await, both.keywords("mastodon").await),
            (vec![], vec!["lion".to_owned()])
        );
        for (wrong, status, says) in [
            (json!([]), StatusCode::UNPROCESSABLE_ENTITY, "`sources` must name a source"),
            (json!(["reddit"]), StatusCode::BAD_REQUEST, "`sources` must be x or mastodon; got \"reddit\""),
            (json!("mastodon"), StatusCode::BAD_REQUEST, "`sources` must be an array; got a string"),
            (json!([7]), StatusCode::BAD_REQUEST, "`sources` must be a string; got a number"),
        ] {
            let body = json!({ "keyword": "lion", "sources": wrong });
            let (got, problem) = both.ask(Method::POST, "/stream", Some(body)).await;
            assert_eq!(got, status, "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        }
        // The machine itself reads X alone.
        let only_x = both.world.get(&format!("{}/stream?source=mastodon", both.world.api())).await;
        assert_eq!(only_x["detail"], "`source` names mastodon, but only x is read here");
    });
}

#[test]
fn the_task_of_a_source_that_is_no_longer_read_is_stopped_and_its_keywords_wait() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(17)).await;
        let aws = &world.machine.as_ref().unwrap().aws;
        // The machine's own reconcilers still read X.
        world.machine.as_ref().unwrap().faults.judge(|call| {
            let is_another =
                ["minute", "control"].contains(&call.caller.as_str()) && call.operation == "ListTasks";
            if is_another { Fate::FailsBefore } else { Fate::Answered }
        });
        let with_x = programs::control(aws, Some(world.stub.clone()));
        let deployed = ControlApi::new(aws.sdk(), without_x(&world));
        let with_x = ControlApi::new(aws.sdk(), with_x);
        let state = async || world.get(&format!("{}/stream", world.api())).await;
        assert_eq!(state().await["state"], "running");
        world
            .until("nobody reads X", async |_| {
                reconcile(&deployed).await.unwrap();
                state().await["lease"].is_null()
            })
            .await;
        assert_eq!(state().await["keywords"].as_array().unwrap().len(), 2);
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(reconcile(&deployed).await.unwrap(), Reconciled::Unchanged);
        assert!(state().await["lease"].is_null());
        world
            .until("X is read again", async |_| {
                reconcile(&with_x).await.unwrap();
                state().await["state"] == "running"
            })
            .await;
    });
}

#[test]
fn a_start_that_fails_at_one_source_is_taken_back_at_the_other() {
    virtually(async {
        let both = Both::start().await;
        both.world.machine.as_ref().unwrap().faults.judge(|call| {
            let is_keyword = call.request["Item"]["item"]["S"] == "keyword#lion";
            let is_mastodon = call.request["Item"]["streamId"]["S"] == "mastodon";
            if is_keyword && is_mastodon { Fate::FailsBefore } else { Fate::Answered }
        });
        let body = json!({ "keyword": "lion", "sources": ["x", "mastodon"] });
        let (status, problem) = both.ask(Method::POST, "/stream", Some(body.clone())).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        assert_eq!((both.keywords("x").await, both.keywords("mastodon").await), (vec![], vec![]));
        both.world.machine.as_ref().unwrap().faults.end();
        both.start_keyword(body).await;
        let lion = vec!["lion".to_owned()];
        assert_eq!((both.keywords("x").await, both.keywords("mastodon").await), (lion.clone(), lion));
    });
}

#[test]
fn keywords_of_a_source_that_is_no_longer_read_can_be_stopped_and_are_not_forgotten_before() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(18)).await;
        let aws = &world.machine.as_ref().unwrap().aws;
        let api = api::control(ControlApi::new(aws.sdk(), without_x(&world)));
        let delete = async |path: &str| {
            let request = Request::delete(path).body(Body::empty()).unwrap();
            api.clone().oneshot(request).await.unwrap().status()
        };
        let keywords = async || {
            let stream = world.get(&format!("{}/stream", world.api())).await;
            stream["keywords"].as_array().unwrap().len()
        };
        assert_eq!(delete("/tweets?keyword=zebra&confirm=zebra").await, StatusCode::CONFLICT);
        assert_eq!(delete("/stream?keyword=zebra&source=x").await, StatusCode::ACCEPTED);
        assert_eq!(keywords().await, 1);
        assert_eq!(delete("/tweets?keyword=zebra&confirm=zebra").await, StatusCode::ACCEPTED);
        assert_eq!(delete("/stream").await, StatusCode::ACCEPTED);
        assert_eq!(keywords().await, 0);
    });
}

#[test]
fn a_source_that_nobody_reads_rings_although_the_other_is_read() {
    virtually(async {
        let both = Both::start().await;
        both.start_keyword(json!({ "keyword": "#zebra", "sources": ["x", "mastodon"] })).await;
        both.world.until("X is read", async |_| both.get("/stream").await["state"] == "running").await;
        assert_eq!(both.gauge("Unread").await, json!(1.0), "its task cannot be started");
        let failed = both.get("/stream?source=mastodon").await;
        assert_eq!(failed["state"], "failed");
        assert!(
            failed["reason"].as_str().unwrap().contains("Unable to describe task definition"),
            "{failed}"
        );
        let _streamer = both.streamer();
        both.world
            .until("Mastodon is read", async |_| {
                both.get("/stream?source=mastodon").await["state"] == "running"
            })
            .await;
        assert_eq!(both.gauge("Unread").await, json!(0.0));
    });
}
