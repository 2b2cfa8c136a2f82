//! ECS, of the operations that we call: a task is the streamer, run in this process.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::Refusal;
use super::resources::{ACCOUNT, CLUSTER, REGION, TASK_DEFINITION};

/// How many ended tasks are remembered.
const KEPT: usize = 100;

/// Starts a task of this ARN, which ends when the token says so; its outcome is the exit code.
type Start = dyn Fn(String, CancellationToken) -> JoinHandle<i32> + Send + Sync;

/// The tasks.
pub(crate) struct Tasks {
    start: Box<Start>,
    tasks: Mutex<Vec<Task>>,
}

struct Task {
    arn: String,
    client_token: Option<String>,
    shutdown: CancellationToken,
    /// It does not outlive its place here.
    handle: AbortOnDropHandle<i32>,
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks { .. }")
    }
}

impl Task {
    fn describe(&self) -> Value {
        let stopped = self.handle.is_finished();
        json!({
            "taskArn": self.arn,
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
            "taskDefinitionArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{TASK_DEFINITION}:1"),
            "lastStatus": if stopped { "STOPPED" } else { "RUNNING" },
            "desiredStatus": if stopped || self.shutdown.is_cancelled() { "STOPPED" } else { "RUNNING" },
            "launchType": "FARGATE",
        })
    }
}

impl Tasks {
    pub(crate) fn new(start: Box<Start>) -> Self {
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
                let client_token = request["clientToken"].as_str().map(str::to_owned);
                let known =
                    tasks.iter().find(|task| client_token.is_some() && task.client_token == client_token);
                if let Some(known) = known {
                    return Ok(json!({ "tasks": [known.describe()], "failures": [] }));
                }
                let arn =
                    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{CLUSTER}/{}", Uuid::new_v4().simple());
                let shutdown = CancellationToken::new();
                let handle = AbortOnDropHandle::new((self.start)(arn.clone(), shutdown.clone()));
                if tasks.len() >= KEPT
                    && let Some(ended) = tasks.iter().position(|task| task.handle.is_finished())
                {
                    tasks.remove(ended);
                }
                let task = Task { arn, client_token, shutdown, handle };
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
