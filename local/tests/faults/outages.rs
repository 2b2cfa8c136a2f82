//! An AWS service is unavailable for hours: nothing is lost, and nothing becomes a dead letter.

use std::time::Duration;

use local::{Call, Fate};
use stream::gaps::GapState;
use utc_time::UtcTime;

use crate::hours::virtually_for_hours;
use crate::virtual_time::folder;
use crate::world::{Settings, World};

const SIX_HOURS: Duration = Duration::from_secs(6 * 60 * 60);
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

/// The service that a call is for.
fn service(call: &Call) -> &'static str {
    match call.operation.as_str() {
        "PutMetricData" | "ListMetrics" | "GetMetricData" => "CloudWatch",
        "RunTask" | "StopTask" | "ListTasks" | "DescribeTasks" => "ECS",
        "GetParameter" => "SSM",
        operation if operation.contains("Message") || operation.contains("Queue") => "SQS",
        _ => "DynamoDB",
    }
}

fn outage(unavailable: &'static str, fate: Fate, time: Duration) {
    virtually_for_hours(async {
        let data = folder();
        let mut world = World::empty(data.path(), Settings { rate: 0.2, ..Settings::seed(1) }).await;
        world.begin("zebra").await;
        world.begin("giraffe").await;
        world.until("reading has begun", async |world| world.delivered().await > 0).await;
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(move |call| if service(call) == unavailable { fate.clone() } else { Fate::Answered });
        tokio::time::sleep(time).await;
        faults.end();
        let end = UtcTime::now();
        // In half an hour, the queue drains and gaps are healed.
        tokio::time::sleep(Duration::from_secs(30 * 60)).await;
        let gaps = world.settled().await;
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
        let letters = world.get(&format!("{}/deadLetters", world.api())).await;
        assert_eq!(letters["count"], 0, "{letters}");
        // At 0.2 posts per second, about either keyword, both or neither.
        let written = time.as_secs() / 5;
        for keyword in ["zebra", "giraffe"] {
            let stored = world.stored(keyword).await.unwrap().len();
            assert!(
                stored as u64 > written / 9,
                "too few of the outage's posts are stored: {stored} of {written}"
            );
        }
        // CloudWatch has the hours of the outage too.
        world
            .until("CloudWatch has what the table has", async |world| {
                let range = format!("from={}&to={end}", end.before(time));
                let counts = format!("{}/tweetsStatistics?source=cloudwatch&{range}", world.api());
                let counts = world.get(&counts).await;
                counts["differing"] == 0 && counts["total"].as_u64() > Some(written / 5)
            })
            .await;
    });
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn dynamodb_is_unavailable() {
    outage("DynamoDB", Fate::FailsBefore, SIX_HOURS);
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn sqs_is_unavailable() {
    outage("SQS", Fate::FailsBefore, SIX_HOURS);
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn cloudwatch_is_unavailable() {
    outage("CloudWatch", Fate::FailsBefore, SIX_HOURS);
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn cloudwatch_does_not_answer() {
    outage("CloudWatch", Fate::Hangs, SIX_HOURS);
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn ecs_is_unavailable() {
    outage("ECS", Fate::FailsBefore, SIX_HOURS);
}

#[test]
#[ignore = "six virtual hours take half a minute; `.ci/run` plays them"]
fn ssm_is_unavailable() {
    outage("SSM", Fate::FailsBefore, SIX_HOURS);
}

#[test]
fn dynamodb_is_unavailable_for_half_an_hour() {
    outage("DynamoDB", Fate::FailsBefore, HALF_AN_HOUR);
}

#[test]
fn sqs_is_unavailable_for_half_an_hour() {
    outage("SQS", Fate::FailsBefore, HALF_AN_HOUR);
}
