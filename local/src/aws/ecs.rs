//! ECS, limited to the operations in use. A task is a streamer that runs in this process.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use utc_time::UtcTime;
use uuid::Uuid;

use super::refusal::Refusal;
use super::resources::{ACCOUNT, CLUSTER, REGION, TASK_DEFINITION};
use super::streamer_task::StreamerTask;

/// How many ended tasks are remembered.
const KEPT: usize = 100;

/// The tasks.
pub(crate) struct Tasks {
    /// What each task runs; `None` if the streamer runs in another process.
    definition: Option<StreamerTask>,
    tasks: Mutex<Vec<Task>>,
}

struct Task {
    arn: String,
    /// The ARN of the revision of the task definition that it runs.
    revision: String,
    created: UtcTime,
    client_token: Option<String>,
    started_by: Option<String>,
    shutdown: CancellationToken,
    /// Why and when it was told to stop, if it was.
    stopped_for: Option<(String, UtcTime)>,
    /// Its exit code and when it ended; empty while it runs.
    ended: Arc<OnceLock<(i32, UtcTime)>>,
    /// Aborts the task when this is dropped.
    handle: AbortOnDropHandle<()>,
}

/// The ARN of a revision of the one task definition: the first if only the family is named. All revisions are the same.
fn revision(task_definition: &str) -> Option<String> {
    let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{TASK_DEFINITION}");
    let number = task_definition.strip_prefix(&arn).and_then(|rest| rest.strip_prefix(':'));
    let is_revision = number.is_some_and(|number| number.parse::<u32>().is_ok());
    let first = || (task_definition == TASK_DEFINITION).then(|| format!("{arn}:1"));
    is_revision.then(|| task_definition.to_owned()).or_else(first)
}

/// A timestamp in ECS's JSON: seconds since 1970.
fn seconds(at: UtcTime) -> Value {
    json!(at.as_millis() as f64 / 1000.0)
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks { .. }")
    }
}

impl Task {
    fn start(definition: StreamerTask, revision: String, request: &Value) -> Self {
        let text = |name: &str| request[name].as_str().map(str::to_owned);
        let (client_token, started_by) = (text("clientToken"), text("startedBy"));
        let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{CLUSTER}/{}", Uuid::new_v4().simple());
        let (shutdown, ended) = (CancellationToken::new(), Arc::<OnceLock<_>>::default());
        let running = definition.run(arn.clone(), shutdown.clone());
        let end = Arc::clone(&ended);
        let handle = AbortOnDropHandle::new(tokio::spawn(async move {
            let code = running.await;
            // A task ends once, so the cell is empty.
            let _ = end.set((code, UtcTime::now()));
        }));
        Self {
            arn,
            revision,
            created: UtcTime::now(),
            client_token,
            started_by,
            shutdown,
            stopped_for: None,
            ended,
            handle,
        }
    }

    fn describe(&self) -> Value {
        let ended = self.ended.get().copied();
        // A task that panicked has no exit code.
        let stopped = self.handle.is_finished();
        let mut described = json!({
            "taskArn": self.arn,
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
            "taskDefinitionArn": self.revision,
            "lastStatus": if stopped { "STOPPED" } else { "RUNNING" },
            "desiredStatus": if stopped || self.shutdown.is_cancelled() { "STOPPED" } else { "RUNNING" },
            "launchType": "FARGATE",
            "startedBy": self.started_by,
            "createdAt": seconds(self.created),
            "containers": [{ "name": "streamer" }],
        });
        if let Some((code, at)) = ended {
            described["stoppedAt"] = seconds(at);
            described["containers"][0]["exitCode"] = code.into();
        }
        if stopped {
            let (code, reason) = match &self.stopped_for {
                Some((reason, at)) => {
                    described["stoppingAt"] = seconds(*at);
                    ("UserInitiated", reason.as_str())
                }
                None => ("EssentialContainerExited", "Essential container in task exited"),
            };
            (described["stopCode"], described["stoppedReason"]) = (code.into(), reason.into());
        }
        described
    }
}

impl Tasks {
    /// ECS, with each task running `definition`.
    pub(crate) fn new(definition: Option<StreamerTask>) -> Self {
        Self { definition, tasks: Mutex::default() }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(crate) fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        if request["cluster"].as_str().is_some_and(|cluster| cluster.rsplit('/').next() != Some(CLUSTER)) {
            return Err(Refusal::new("ClusterNotFoundException", "Cluster not found."));
        }
        match operation {
            "RunTask" => self.run(request),
            "StopTask" => self.stop(request),
            "DescribeTasks" => self.describe(request),
            "ListTasks" => Ok(self.list(request)),
            _ => Err(Refusal::new("UnsupportedFeatureException", operation)),
        }
    }

    fn run(&self, request: &Value) -> Result<Value, Refusal> {
        let revision = revision(request["taskDefinition"].as_str().unwrap_or_default())
            .ok_or_else(|| Refusal::new("ClientException", "Unable to describe task definition."))?;
        let Some(definition) = &self.definition else {
            return Err(Refusal::new(
                "ClientException",
                "this machine starts no streamer: it runs in another process",
            ));
        };
        let mut tasks = self.tasks();
        let client_token = request["clientToken"].as_str().map(str::to_owned);
        let known = tasks.iter().find(|task| client_token.is_some() && task.client_token == client_token);
        if let Some(known) = known {
            return Ok(json!({ "tasks": [known.describe()], "failures": [] }));
        }
        if tasks.len() >= KEPT
            && let Some(ended) = tasks.iter().position(|task| task.handle.is_finished())
        {
            tasks.remove(ended);
        }
        let task = Task::start(definition.with_overrides(&request["overrides"]), revision, request);
        let described = task.describe();
        tasks.push(task);
        Ok(json!({ "tasks": [described], "failures": [] }))
    }

    fn stop(&self, request: &Value) -> Result<Value, Refusal> {
        let (mut tasks, arn) = (self.tasks(), &request["task"]);
        let task = tasks.iter_mut().find(|task| arn == task.arn.as_str());
        let task = task
            .ok_or_else(|| Refusal::new("InvalidParameterException", "The referenced task was not found."))?;
        let reason = request["reason"].as_str().unwrap_or("Task stopped by user").to_owned();
        task.stopped_for.get_or_insert_with(|| (reason, UtcTime::now()));
        task.shutdown.cancel();
        Ok(json!({ "task": task.describe() }))
    }

    fn describe(&self, request: &Value) -> Result<Value, Refusal> {
        let ours = format!(":task/{CLUSTER}/");
        let asked = request["tasks"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(another) = asked.into_iter().find(|arn| !arn.contains(&ours)) {
            let message = format!("Invalid identifier: {another} is of another cluster");
            return Err(Refusal::new("InvalidParameterException", message));
        }
        let tasks = self.tasks();
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in request["tasks"].as_array().into_iter().flatten() {
            match tasks.iter().find(|task| arn == task.arn.as_str()) {
                Some(task) => found.push(task.describe()),
                None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
            }
        }
        Ok(json!({ "tasks": found, "failures": failures }))
    }

    fn list(&self, request: &Value) -> Value {
        let desired = request["desiredStatus"].as_str().unwrap_or("RUNNING");
        // All tasks are of one family.
        if request["family"].as_str().is_some_and(|family| family != TASK_DEFINITION) {
            return json!({ "taskArns": [] });
        }
        let tasks = self.tasks();
        let described = tasks.iter().map(Task::describe).filter(|task| task["desiredStatus"] == desired);
        let arns: Vec<Value> = described.map(|mut task| task["taskArn"].take()).collect();
        json!({ "taskArns": arns })
    }

    /// Aborts all tasks immediately.
    pub(crate) fn kill_all(&self) {
        self.tasks().clear();
    }

    /// Stops all tasks and waits until they have ended.
    pub(crate) async fn stop_all(&self) {
        let tasks = std::mem::take(&mut *self.tasks());
        for task in &tasks {
            task.shutdown.cancel();
        }
        for task in tasks {
            // An error means that the task panicked, so it has ended too.
            let _ = task.handle.await;
        }
    }
}
