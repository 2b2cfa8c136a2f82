//! ECS, of the operations that we call: a task is the streamer, run in this process.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use utc_time::UtcTime;
use uuid::Uuid;

use super::Refusal;
use super::resources::{ACCOUNT, CLUSTER, REGION, TASK_DEFINITION};

/// How many ended tasks are remembered.
const KEPT: usize = 100;

/// Starts a task of this ARN, which ends when the token says so; its outcome is the exit code.
pub(crate) type Start = dyn Fn(String, CancellationToken) -> BoxFuture<'static, i32> + Send + Sync;

/// The tasks.
pub(crate) struct Tasks {
    /// None where the streamer runs elsewhere.
    start: Option<Box<Start>>,
    tasks: Mutex<Vec<Task>>,
}

struct Task {
    arn: String,
    created: UtcTime,
    client_token: Option<String>,
    shutdown: CancellationToken,
    /// How it ended, and when; none while it runs.
    ended: Arc<OnceLock<(i32, UtcTime)>>,
    /// It does not outlive its place here.
    handle: AbortOnDropHandle<()>,
}

/// Runs a task to its end, and notes that.
async fn told(running: BoxFuture<'static, i32>, ended: Arc<OnceLock<(i32, UtcTime)>>) {
    let code = running.await;
    // It ends once.
    let _ = ended.set((code, UtcTime::now()));
}

/// A moment in ECS's JSON: seconds since 1970.
fn seconds(at: UtcTime) -> Value {
    json!(at.as_millis() as f64 / 1000.0)
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks { .. }")
    }
}

impl Task {
    fn describe(&self) -> Value {
        let ended = self.ended.get().copied();
        // Of a task that crashed nobody told how it ended.
        let stopped = self.handle.is_finished();
        let mut described = json!({
            "taskArn": self.arn,
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
            "taskDefinitionArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{TASK_DEFINITION}:1"),
            "lastStatus": if stopped { "STOPPED" } else { "RUNNING" },
            "desiredStatus": if stopped || self.shutdown.is_cancelled() { "STOPPED" } else { "RUNNING" },
            "launchType": "FARGATE",
            "createdAt": seconds(self.created),
            "containers": [{ "name": "streamer" }],
        });
        if let Some((code, at)) = ended {
            described["stoppedAt"] = seconds(at);
            described["containers"][0]["exitCode"] = code.into();
        }
        if stopped {
            described["stoppedReason"] = "Essential container in task exited".into();
        }
        described
    }
}

impl Tasks {
    pub(crate) fn new(start: Option<Box<Start>>) -> Self {
        Self { start, tasks: Mutex::default() }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(crate) fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        if request["cluster"].as_str().is_some_and(|cluster| cluster.rsplit('/').next() != Some(CLUSTER)) {
            return Err(Refusal::new("ClusterNotFoundException", "Cluster not found."));
        }
        let mut tasks = self.tasks();
        match operation {
            "RunTask" => {
                if request["taskDefinition"] != TASK_DEFINITION {
                    return Err(Refusal::new("ClientException", "Unable to describe task definition."));
                }
                let Some(start) = &self.start else {
                    return Err(Refusal::new("ClientException", "the streamer runs elsewhere, or not yet"));
                };
                let client_token = request["clientToken"].as_str().map(str::to_owned);
                let known =
                    tasks.iter().find(|task| client_token.is_some() && task.client_token == client_token);
                if let Some(known) = known {
                    return Ok(json!({ "tasks": [known.describe()], "failures": [] }));
                }
                let arn =
                    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{CLUSTER}/{}", Uuid::new_v4().simple());
                let shutdown = CancellationToken::new();
                let (running, ended) = (start(arn.clone(), shutdown.clone()), Arc::default());
                let handle = AbortOnDropHandle::new(tokio::spawn(told(running, Arc::clone(&ended))));
                if tasks.len() >= KEPT
                    && let Some(ended) = tasks.iter().position(|task| task.handle.is_finished())
                {
                    tasks.remove(ended);
                }
                let task = Task { arn, created: UtcTime::now(), client_token, shutdown, ended, handle };
                let described = task.describe();
                tasks.push(task);
                Ok(json!({ "tasks": [described], "failures": [] }))
            }
            "StopTask" => {
                let arn = &request["task"];
                let task = tasks.iter().find(|task| arn == task.arn.as_str()).ok_or_else(|| {
                    Refusal::new("InvalidParameterException", "The referenced task was not found.")
                })?;
                task.shutdown.cancel();
                Ok(json!({ "task": task.describe() }))
            }
            "DescribeTasks" => {
                let wanted = request["tasks"].as_array().into_iter().flatten();
                let (mut found, mut failures) = (Vec::new(), Vec::new());
                for arn in wanted {
                    match tasks.iter().find(|task| arn == task.arn.as_str()) {
                        Some(task) => found.push(task.describe()),
                        None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
                    }
                }
                Ok(json!({ "tasks": found, "failures": failures }))
            }
            "ListTasks" => {
                let desired = request["desiredStatus"].as_str().unwrap_or("RUNNING");
                let arns: Vec<Value> = tasks
                    .iter()
                    .map(Task::describe)
                    .filter(|task| task["desiredStatus"] == desired)
                    .map(|mut task| task["taskArn"].take())
                    .collect();
                Ok(json!({ "taskArns": arns }))
            }
            _ => Err(Refusal::new("UnsupportedFeatureException", operation)),
        }
    }

    /// Ends all tasks at once, without a word.
    pub(crate) fn kill_all(&self) {
        self.tasks().clear();
    }

    /// Stops all tasks and waits for their end.
    pub(crate) async fn stop_all(&self) {
        let tasks = std::mem::take(&mut *self.tasks());
        for task in &tasks {
            task.shutdown.cancel();
        }
        for task in tasks {
            // A task that panicked has ended too.
            let _ = task.handle.await;
        }
    }
}
