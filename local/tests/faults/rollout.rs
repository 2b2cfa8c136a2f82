//! A new version of the streamer takes over from one that reads, or is refused, with real streamers.

use std::time::Duration;

use api::{ControlApi, reconcile};
use local::{Call, Endpoint, Fate, programs};
use serde_json::Value;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// The ARN of a revision of the machine's task definition.
fn revision(number: u32) -> String {
    format!("arn:aws:ecs:us-east-1:000000000000:task-definition/streamer:{number}")
}

/// The reconciler of a deployment of this revision.
async fn deployed(world: &World, number: u32) -> ControlApi {
    let aws = Endpoint::at(&world.machine.as_ref().unwrap().aws.url).await;
    let mut config = programs::control(&aws, Some(world.stub.clone()));
    config.streams[0].task_definition = revision(number).into();
    ControlApi::new(aws.sdk(), config)
}

/// The machine's own reconcilers know of no revisions, and must not interfere; and the calls fail that `fails` names.
fn only_ours(world: &World, fails: impl Fn(&Call) -> bool + Send + 'static) {
    world.machine.as_ref().unwrap().faults.judge(move |call| {
        let is_another =
            ["minute", "control"].contains(&call.caller.as_str()) && call.operation == "ListTasks";
        if is_another || fails(call) { Fate::FailsBefore } else { Fate::Answered }
    });
}

/// Reconciles as often as EventBridge's events would have it.
async fn go_on(api: &ControlApi, time: Duration) {
    let end = UtcTime::now().after(time);
    while UtcTime::now() < end {
        reconcile(api).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// The revision whose task holds the lease, and what `GET /stream` says.
async fn reader(world: &World) -> (String, Value) {
    let stream = world.get(&format!("{}/stream", world.api())).await;
    let ecs = aws_sdk_ecs::Client::new(world.machine.as_ref().unwrap().aws.sdk());
    let owner = stream["lease"]["owner"].as_str().unwrap();
    let described = ecs.describe_tasks().cluster("StreamerCluster").tasks(owner).send().await.unwrap();
    (described.tasks()[0].task_definition_arn().unwrap().to_owned(), stream)
}

#[test]
fn a_new_version_takes_over_in_seconds_and_nothing_is_missing() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(7)).await;
        only_ours(&world, |_| false);
        // The posts from before the start have been fetched.
        world.settled().await;
        let at = UtcTime::now();
        let second = deployed(&world, 2).await;
        go_on(&second, Duration::from_secs(60)).await;
        let (reads, stream) = reader(&world).await;
        assert_eq!((reads, &stream["rollout"]), (revision(2), &Value::Null), "{stream}");
        assert_eq!(stream["state"], "running", "{stream}");
        let gaps = world.settled().await;
        let since: Vec<_> = gaps.into_iter().filter(|gap| gap.to > at).collect();
        assert!(!since.is_empty(), "reading was not interrupted");
        for gap in since {
            let length = gap.to.since(gap.from);
            // It begins as far back as posts may still have been on their way, which is half a minute at X.
            assert!(length < Duration::from_secs(40), "{length:?} were not read: {gap:?}");
        }
        let (_, missing) = world.missing(UtcTime::now()).await;
        assert!(missing.is_empty(), "{missing:?}");
    });
}

#[test]
fn a_version_that_cannot_read_its_token_for_long_is_refused_and_the_earlier_one_reads_on() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(8)).await;
        only_ours(&world, |call| call.caller == "streamer" && call.operation == "GetParameter");
        let (before, interruptions) = (reader(&world).await.1, world.interruptions().await);
        let second = deployed(&world, 2).await;
        // SSM may answer later.
        go_on(&second, Duration::from_secs(4 * 60)).await;
        assert_eq!(reader(&world).await.1["rollout"]["state"], "starting");
        go_on(&second, Duration::from_secs(2 * 60)).await;
        let stream = reader(&world).await.1;
        assert_eq!(stream["lease"]["epoch"], before["lease"]["epoch"], "the same task reads");
        let rollout = &stream["rollout"];
        assert_eq!((&rollout["state"], &rollout["revision"]), (&"refused".into(), &revision(2).into()));
        assert!(rollout["reason"].as_str().unwrap().contains("TwitterBearerToken"), "{rollout}");
        go_on(&second, Duration::from_secs(4 * 60)).await;
        assert_eq!(world.interruptions().await, interruptions, "reading was interrupted");

        // Mended.
        only_ours(&world, |_| false);
        let third = deployed(&world, 3).await;
        go_on(&third, Duration::from_secs(60)).await;
        assert_eq!(reader(&world).await.0, revision(3));
    });
}

#[test]
fn a_blip_of_ssm_delays_a_new_version_and_refuses_it_not() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(9)).await;
        let mut failures = 3;
        let fails = std::sync::Mutex::new(move |call: &Call| {
            let is_token = call.caller == "streamer" && call.operation == "GetParameter" && failures > 0;
            failures -= i32::from(is_token);
            is_token
        });
        only_ours(&world, move |call| fails.lock().unwrap()(call));
        let second = deployed(&world, 2).await;
        go_on(&second, Duration::from_secs(3 * 60)).await;
        assert_eq!(reader(&world).await.0, revision(2));
    });
}
