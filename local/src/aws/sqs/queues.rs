//! Queues by their URLs and ARNs.

use serde_json::Value;

use super::request::text;
use crate::aws::refusal::Refusal;
use crate::aws::resources::{ACCOUNT, QUEUES, Queue, REGION};
use crate::aws::services::Services;

pub(super) fn queue(request: &Value) -> Result<&'static Queue, Refusal> {
    let name = text(request, "QueueUrl")?.rsplit('/').next();
    QUEUES.iter().find(|queue| Some(queue.name) == name).ok_or_else(no_such_queue)
}

pub(super) fn by_arn(arn: &str) -> Result<&'static Queue, Refusal> {
    let name = arn.rsplit(':').next();
    QUEUES.iter().find(|queue| Some(queue.name) == name).ok_or_else(|| {
        Refusal::new(
            "com.amazonaws.sqs#ResourceNotFoundException",
            "The resource that you specified does not exist.",
        )
    })
}

pub(super) fn no_such_queue() -> Refusal {
    Refusal::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn url(services: &Services, queue: &Queue) -> String {
    format!("{}/{ACCOUNT}/{}", services.url, queue.name)
}

pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}
