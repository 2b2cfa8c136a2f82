//! What a person does in the ECS console or by the CLI is a wish, and is followed.

use std::time::Duration;

use aws_sdk_ecs::types::{ContainerOverride, KeyValuePair, TaskOverride};
use serde_json::json;

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// The ECS of a world's machine, as a person with the AWS CLI has it.
fn ecs(world: &World) -> aws_sdk_ecs::Client {
    aws_sdk_ecs::Client::new(world.machine.as_ref().unwrap().aws.sdk())
}

/// Stops all tasks, with a reason or without.
async fn stop_task(world: &World, reason: Option<&str>) {
    let ecs = ecs(world);
    for arn in ecs.list_tasks().cluster("StreamerCluster").send().await.unwrap().task_arns() {
        let request =
            ecs.stop_task().cluster("StreamerCluster").task(arn).set_reason(reason.map(str::to_owned));
        request.send().await.unwrap();
    }
}

/// Runs a task whose container has these variables.
async fn run_task(world: &World, variables: &[(&str, &str)]) {
    let variables =
        variables.iter().map(|(name, value)| KeyValuePair::builder().name(*name).value(*value).build());
    let container = ContainerOverride::builder().name("streamer").set_environment(Some(variables.collect()));
    let overrides = TaskOverride::builder().container_overrides(container.build()).build();
    ecs(world)
        .run_task()
        .cluster("StreamerCluster")
        .task_definition("streamer")
        .overrides(overrides)
        .send()
        .await
        .unwrap();
}

async fn state(world: &World) -> serde_json::Value {
    world.get(&format!("{}/stream", world.api())).await
}

#[test]
fn a_task_that_a_person_stops_stays_stopped_until_somebody_asks() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        stop_task(&world, Some("costs too much tonight")).await;
        let is_stopped = async |world: &World| state(world).await["state"] == "stoppedByHand";
        world.until("it is stopped", is_stopped).await;
        tokio::time::sleep(Duration::from_secs(15 * 60)).await;
        let stopped = state(&world).await;
        assert_eq!((&stopped["state"], &stopped["lease"]), (&json!("stoppedByHand"), &json!(null)));
        assert!(stopped["reason"].as_str().unwrap().contains("(costs too much tonight)"), "{stopped}");

        // A person asks by the API, naming what is collected already.
        let asked = world.http.post(format!("{}/stream", world.api())).json(&json!({ "keyword": "zebra" }));
        assert_eq!(asked.send().await.unwrap().status(), 202);
        world.until("it runs", async |world| state(world).await["state"] == "running").await;

        // A person stops it without a word, and runs it again.
        stop_task(&world, None).await;
        world.until("it is stopped", is_stopped).await;
        run_task(&world, &[]).await;
        world.until("it runs", async |world| state(world).await["state"] == "running").await;
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        assert_eq!(state(&world).await["state"], "running");
        assert_eq!(
            ecs(&world).list_tasks().cluster("StreamerCluster").send().await.unwrap().task_arns().len(),
            1
        );
    });
}

#[test]
fn a_task_that_is_run_with_a_keyword_collects_it() {
    virtually(async {
        let data = folder();
        let world = World::empty(data.path(), Settings::seed(2)).await;
        // Without any, it ends.
        run_task(&world, &[]).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(state(&world).await["state"], "stopped");

        let since = utc_time::UtcTime::now().before(Duration::from_secs(3600)).to_string();
        run_task(&world, &[("KEYWORD", "zebra"), ("SINCE", &since)]).await;
        world.until("it runs", async |world| state(world).await["state"] == "running").await;
        let stream = state(&world).await;
        let keyword = &stream["keywords"][0];
        assert_eq!((&keyword["keyword"], &keyword["history"]["since"]), (&json!("zebra"), &json!(since)));
        // Another one while the first reads.
        run_task(&world, &[("KEYWORD", "giraffe")]).await;
        let has_both = async |world: &World| state(world).await["keywords"].as_array().unwrap().len() == 2;
        world.until("both are requested", has_both).await;
        let has_one_task = async |world: &World| {
            ecs(world).list_tasks().cluster("StreamerCluster").send().await.unwrap().task_arns().len() == 1
        };
        world.until("one task reads both", has_one_task).await;
        assert_eq!(state(&world).await["state"], "running");
    });
}
