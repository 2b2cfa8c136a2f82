//! Reconciling with one machine's ECS, and with one that shows tasks as late as AWS may. `api/src/plan/model/` checks
//! the possible orders of events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{ControlApi, ControlConfig, ControlledStreamConfig, Reconciled, StreamConfig, reconcile};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use local::{Endpoint, Machine, programs};
use serde_json::{Value, json};
use stream::keyword_options::KeywordOptions;
use stream::{SourceName, StreamStatusTable};
use tokio::net::TcpListener;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::idle_machine;

/// A reconciler of another stream than the machine's own, so that the machine's reconciler does not interfere. `aws` is
/// the endpoint that it uses.
async fn reconciler(machine: &Machine, aws: &str, task_definition: &str) -> (ControlApi, StreamStatusTable) {
    let aws = Endpoint::at(aws).await;
    let stream = StreamConfig { source: SourceName::Mastodon, stream_id: "another".to_owned() };
    let status = aws.status_table(&stream.stream_id);
    let local = programs::control(&machine.aws, None);
    let stream = ControlledStreamConfig {
        stream,
        task_definition: task_definition.to_owned().into(),
        ..local.streams[0].clone()
    };
    let config = ControlConfig { streams: vec![stream], ..local };
    (ControlApi::new(aws.sdk(), config), status)
}

#[test]
fn a_start_that_ecs_refuses_is_reported_with_its_reason_and_retried_later() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (api, status) = reconciler(&machine, &machine.aws.url, "misspelt").await;
        assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Unchanged, "nothing is requested");
        status
            .add_keyword(&"rust".parse().unwrap(), KeywordOptions::default(), UtcTime::now())
            .await
            .unwrap();
        for failures in 1..=3 {
            let error = reconcile(&api).await.unwrap_err().to_string();
            let reason = "ClientException: Unable to describe task definition.";
            assert_eq!(error, format!("ECS did not start the streamer: {reason}"));
            let launch = status.launch().await.unwrap();
            assert_eq!((launch.number, launch.failures), (failures, u32::try_from(failures).unwrap()));
            assert_eq!(launch.reason.as_deref(), Some(reason));
            assert_eq!(
                reconcile(&api).await.unwrap(),
                Reconciled::Unchanged,
                "the retry waits for its backoff"
            );
            let wait = launch.not_before.unwrap().since(UtcTime::now());
            assert!(wait <= Duration::from_secs(5 << (failures - 1)), "{wait:?}");
            tokio::time::sleep(wait + Duration::from_millis(10)).await;
        }
    });
}

/// An ECS that shows tasks as late as AWS may, and accepts a client token for one request only. Calls to other services
/// are passed on to the machine.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
#[derive(Clone)]
struct SlowEcs {
    behind: String,
    http: reqwest::Client,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// The revision of the task definition.
    revision: u32,
    /// How long a new task is reported as `MISSING`.
    unseen: Duration,
    /// Whether the answers to `RunTask` are lost.
    loses_answers: bool,
    /// Whether a conflict names the existing task.
    names_tasks: bool,
    /// The revision, ARN and start of the task of each client token.
    tasks: BTreeMap<String, (u32, String, UtcTime)>,
}

impl SlowEcs {
    /// Starts one in front of the machine; returns it and its URL.
    async fn start(machine: &Machine) -> (Self, String) {
        let behind = machine.aws.url.clone();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ecs = Self { behind, http, inner: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::answer).with_state(ecs.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (ecs, url)
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.lock().unwrap());
    }

    fn starts(&self) -> usize {
        self.inner.lock().unwrap().tasks.len()
    }

    async fn answer(
        State(ecs): State<Self>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, Bytes) {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        if let Some(operation) = target.strip_prefix("AmazonEC2ContainerServiceV20141113.") {
            let request = serde_json::from_slice(&body).unwrap();
            let (status, answer) = ecs.inner.lock().unwrap().answer(operation, &request);
            return (status, answer.to_string().into());
        }
        let request = ecs.http.post(format!("{}{uri}", ecs.behind)).headers(headers).body(body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    }
}

impl Inner {
    fn answer(&mut self, operation: &str, request: &Value) -> (StatusCode, Value) {
        let now = UtcTime::now();
        let seconds = |at: UtcTime| json!(at.as_millis() as f64 / 1000.0);
        let described = |arn: &str, created: UtcTime| json!({ "taskArn": arn, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "createdAt": seconds(created) });
        let shown = |created: &UtcTime| now.since(*created) >= self.unseen;
        let answer = match operation {
            "ListTasks" => {
                let arns =
                    self.tasks.values().filter(|(_, _, created)| shown(created)).map(|(_, arn, _)| arn);
                json!({ "taskArns": arns.collect::<Vec<_>>() })
            }
            "DescribeTasks" => {
                let requested = request["tasks"].as_array().unwrap();
                let (found, missing): (Vec<_>, Vec<_>) = requested.iter().partition(|arn| {
                    self.tasks.values().any(|(_, known, created)| *arn == known && shown(created))
                });
                let tasks = found.iter().map(|arn| described(arn.as_str().unwrap(), now));
                let failures = missing.iter().map(|arn| json!({ "arn": arn, "reason": "MISSING" }));
                json!({ "tasks": tasks.collect::<Vec<_>>(), "failures": failures.collect::<Vec<_>>() })
            }
            "RunTask" => {
                let token = request["clientToken"].as_str().unwrap();
                let arn = format!("arn:aws:ecs:us-east-1:000000000000:task/StreamerCluster/{token}");
                let revision = self.revision;
                let task = self.tasks.entry(token.to_owned()).or_insert((revision, arn, now));
                if task.0 != revision {
                    let known: Vec<&String> = self.names_tasks.then_some(&task.1).into_iter().collect();
                    let refused = json!({
                        "__type": "ConflictException", "resourceIds": known,
                        "message": "The client token is used by another request.",
                    });
                    return (StatusCode::BAD_REQUEST, refused);
                }
                if self.loses_answers {
                    return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "ServerException" }));
                }
                json!({ "tasks": [described(&task.1, task.2)], "failures": [] })
            }
            other => panic!("unexpected operation {other}"),
        };
        (StatusCode::OK, answer)
    }
}

#[test]
fn a_task_that_ecs_does_not_show_yet_is_awaited_and_not_started_again() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (ecs, url) = SlowEcs::start(&machine).await;
        ecs.change(|ecs| ecs.unseen = Duration::from_secs(290));
        let (api, status) = reconciler(&machine, &url, "streamer").await;
        status
            .add_keyword(&"rust".parse().unwrap(), KeywordOptions::default(), UtcTime::now())
            .await
            .unwrap();
        assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Changed);
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Unchanged);
        }
        assert_eq!(ecs.starts(), 1);
        // A task that is still not shown after that does not exist.
        ecs.change(|ecs| ecs.unseen = Duration::MAX);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Changed);
        assert_eq!(ecs.starts(), 2);
    });
}

#[test]
fn a_launch_number_that_an_earlier_revision_used_is_not_retried_forever() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        for (names_tasks, starts) in [(true, 1), (false, 2)] {
            let (ecs, url) = SlowEcs::start(&machine).await;
            let (api, status) = reconciler(&machine, &url, "streamer").await;
            status
                .add_keyword(&"rust".parse().unwrap(), KeywordOptions::default(), UtcTime::now())
                .await
                .unwrap();
            ecs.change(|ecs| (ecs.loses_answers, ecs.names_tasks) = (true, names_tasks));
            reconcile(&api).await.unwrap_err();
            assert_eq!(ecs.starts(), 1);
            // A deployment creates another revision before the number is retried. The task that was started must not be
            // shown yet, or the reconciler would find it.
            ecs.change(|ecs| {
                (ecs.loses_answers, ecs.revision, ecs.unseen) = (false, 2, Duration::from_secs(30));
            });
            assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Changed);
            assert_eq!(ecs.starts(), starts, "names tasks: {names_tasks}");
            let launch = status.launch().await.unwrap();
            assert!(launch.task.is_some_and(|task| task.ends_with(&format!("another-{}", launch.number))));
            // Reset for the next round.
            status.remove_keyword(&"rust".parse().unwrap()).await.unwrap();
            let mut launch = status.launch().await.unwrap();
            launch = stream::launch::Launch { version: launch.version, ..stream::launch::Launch::default() };
            status.save_launch(&mut launch).await.unwrap();
        }
    });
}

/// Tables that a stack has left, and another stack takes up, name a task of the first one's cluster.
#[test]
fn a_task_of_another_cluster_keeps_none_from_being_started() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (api, status) = reconciler(&machine, &machine.aws.url, "streamer").await;
        let task = "arn:aws:ecs:us-east-1:000000000000:task/another-StreamerCluster/1".to_owned();
        let at = Some(UtcTime::now().before(Duration::from_secs(60 * 60)));
        let mut launch =
            stream::launch::Launch { number: 7, at, task: Some(task), ..stream::launch::Launch::default() };
        status.save_launch(&mut launch).await.unwrap();
        status
            .add_keyword(&"rust".parse().unwrap(), KeywordOptions::default(), UtcTime::now())
            .await
            .unwrap();
        assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Changed);
        let launch = status.launch().await.unwrap();
        assert_eq!(launch.number, 8);
        assert!(launch.task.unwrap().contains(":task/StreamerCluster/"));
    });
}
