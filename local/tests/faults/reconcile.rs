//! Reconciling over ECS as one machine has it; `api/src/plan/model.rs` has the orders of events.

use std::time::Duration;

use api::{ControlApi, ControlConfig, Reconciled, reconcile};
use local::config;
use posts::{StreamStatusTable, UtcTime};

use crate::virtual_time::{folder, virtually};
use crate::world::idle_machine;

#[test]
fn a_start_that_ecs_refuses_is_told_with_its_reason_and_made_again_later() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let aws = config(&format!("http://{}", machine.aws)).await;
        let text = str::to_owned;
        // Another stream than the machine's own, which its own reconciler leaves alone.
        let settings = ControlConfig {
            stream_id: text("another"),
            tweets_table: text("TweetsTable"),
            statistics_table: text("StatisticsTable"),
            status_table: text("StreamStatusTable"),
            close_queue_url: format!("http://{}/000000000000/StreamCloseQueue", machine.aws),
            tweets_queue_url: format!("http://{}/000000000000/TweetsFifoQueue.fifo", machine.aws),
            dead_letter_queue_url: format!("http://{}/000000000000/TweetsDeadLetterQueue.fifo", machine.aws),
            cluster: text("StreamerCluster"),
            task_definition: text("misspelt"),
            subnets: vec![text("subnet")],
            security_groups: vec![text("group")],
        };
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let status =
            StreamStatusTable::new(dynamodb, settings.status_table.clone(), settings.stream_id.clone());
        let api = ControlApi::new(&aws, settings);
        assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Unchanged, "nothing is desired");
        status.add_keyword(&"rust".parse().unwrap(), UtcTime::now()).await.unwrap();
        for failures in 1..=3 {
            let error = reconcile(&api).await.unwrap_err().to_string();
            let reason = "ClientException: Unable to describe task definition.";
            assert_eq!(error, format!("ECS did not start the streamer: {reason}"));
            let launch = status.launch().await.unwrap();
            assert_eq!((launch.number, launch.failures), (failures, u32::try_from(failures).unwrap()));
            assert_eq!(launch.reason.as_deref(), Some(reason));
            assert_eq!(reconcile(&api).await.unwrap(), Reconciled::Unchanged, "it waits");
            let wait = launch.not_before.unwrap().since(UtcTime::now());
            assert!(wait <= Duration::from_secs(5 << (failures - 1)), "{wait:?}");
            tokio::time::sleep(wait + Duration::from_millis(10)).await;
        }
    });
}
