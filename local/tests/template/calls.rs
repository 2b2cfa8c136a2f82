//! The permissions that calls to AWS need.

use local::Call;
use serde_json::Value;

use crate::template::Allowed;

/// The permissions that IAM checks for a call.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
pub(crate) fn needed(call: &Call) -> Vec<Allowed> {
    let request = &call.request;
    let on = |service: &str, action: &str, resource: String| (format!("{service}:{action}"), resource);
    let queue = || call.resource.clone().unwrap().replace(".fifo", "");
    let operation = call.operation.as_str();
    match operation {
        "TransactWriteItems" => {
            let writes = request["TransactItems"].as_array().unwrap().iter();
            writes
                .flat_map(|write| write.as_object().unwrap())
                .map(|(kind, write)| on("dynamodb", &format!("{kind}Item"), text(&write["TableName"])))
                .collect()
        }
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan" => {
            let table = call.resource.clone().unwrap();
            let resource = match request["IndexName"].as_str() {
                Some(index) => format!("{table}/index/{index}"),
                None => table,
            };
            vec![on("dynamodb", operation, resource)]
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().unwrap().keys();
            tables.map(|table| on("dynamodb", operation, table.clone())).collect()
        }
        "SendMessage" | "SendMessageBatch" => vec![on("sqs", "SendMessage", queue())],
        "DeleteMessage" | "DeleteMessageBatch" => vec![on("sqs", "DeleteMessage", queue())],
        "ChangeMessageVisibilityBatch" => vec![on("sqs", "ChangeMessageVisibility", queue())],
        "ReceiveMessage" | "GetQueueAttributes" => vec![on("sqs", operation, queue())],
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
        "StartMessageMoveTask" => {
            let queue = |arn: &Value| text(arn).rsplit(':').next().unwrap().replace(".fifo", "");
            let (from, to) = (queue(&request["SourceArn"]), queue(&request["DestinationArn"]));
            let source = ["StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
            let source = source.map(|action| on("sqs", action, from.clone()));
            source.into_iter().chain([on("sqs", "SendMessage", to)]).collect()
        }
        "RunTask" => vec![
            on("ecs", operation, "task-definition/aviary-streamer".to_owned()),
            // The task gets the task definition's tags.
            on("ecs", "TagResource", "task".to_owned()),
            on("iam", "PassRole", "StreamerRole".to_owned()),
            on("iam", "PassRole", "StreamerExecutionRole".to_owned()),
        ],
        "DescribeTasks" | "StopTask" => vec![on("ecs", operation, "task".to_owned())],
        "ListTasks" => vec![on("ecs", operation, "*".to_owned())],
        "GetParameter" => {
            let name = if request["Name"] == "ApiKeys" { "ApiKeys" } else { "TwitterBearerToken" };
            vec![on("ssm", operation, format!("parameter/{name}"))]
        }
        "PutMetricData" | "ListMetrics" | "GetMetricData" => {
            vec![on("cloudwatch", operation, "*".to_owned())]
        }
        other => panic!("the permissions for {other} are not known"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
