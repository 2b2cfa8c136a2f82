//! Connecting again, and reading too fast.

use std::time::Duration;

use local::Fate;
use serde_json::json;
use stream::gaps::GapState;

use super::trouble::Trouble;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

#[test]
fn after_a_crash_the_live_stream_is_read_again_within_ten_seconds() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 50.0, ..Settings::seed(1) }).await;
        for _ in 0..3 {
            world.settled().await;
            world.fault(&json!({ "fault": "half-open", "seconds": 900 })).await;
            let before = world.get(&format!("{}/control/posts", world.stub)).await;
            world.trouble(&Trouble::Crash).await;
            let started = tokio::time::Instant::now();
            let connected = async |world: &World| {
                let now = world.get(&format!("{}/control/posts", world.stub)).await;
                now["connections"] != before["connections"]
            };
            while !connected(&world).await {
                assert!(started.elapsed() < Duration::from_secs(10), "nobody reads");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let after = world.get(&format!("{}/control/posts", world.stub)).await;
            let earned = after["slotRefusals"].as_u64().unwrap() - before["slotRefusals"].as_u64().unwrap();
            assert_eq!(earned, 1);
            assert_eq!(after["refusals"], 0);
        }
        world.settled().await;
    });
}

#[test]
fn a_stream_that_keeps_dropping_is_not_connected_to_too_often() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        let mut waits_until_due = false;
        for second in 0..20 * 60 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.fault(&json!({ "fault": "close" })).await;
            if second % 20 == 0 {
                let stream = world.get(&format!("{}/stream", world.api())).await;
                let reason = stream["reason"].as_str().unwrap_or_default();
                waits_until_due |=
                    reason.contains("no more connections for now; the next attempt is due at 20");
            }
        }
        assert!(waits_until_due, "it says when it connects again");
        let connections = world.get(&format!("{}/control/posts", world.stub)).await["connections"].clone();
        let connections = connections.as_u64().unwrap();
        assert!((20..=100).contains(&connections), "{connections} in 20 minutes");
        world.settled().await;
    });
}

#[test]
fn backfill_heals_gaps_if_the_account_has_it() {
    virtually(async {
        let data = folder();
        let settings = Settings { backfill: true, ..Settings::seed(1) };
        let world = World::start(data.path(), settings).await;
        world.settled().await;
        world.fault(&json!({ "fault": "search-status", "status": 403, "seconds": 3600 })).await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 60 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        world.until("both interruptions are recorded", async |world| world.interruptions().await >= 2).await;
        // Both at once, a minute after the connection began; X says within 20 s that it is still there.
        tokio::time::sleep(Duration::from_secs(85)).await;
        let gaps = world.gaps().await;
        let healed = gaps.iter().filter(|gap| gap.healed_by == Some(stream::gaps::HealedBy::Backfill));
        assert_eq!(healed.count(), 2, "{gaps:#?}");
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
    });
}

#[test]
fn while_the_queue_fails_reading_stops_at_the_buffers_limit_and_later_posts_are_fetched() {
    virtually(async {
        let data = folder();
        let settings = Settings { rate: 700.0, ..Settings::seed(1) };
        let world = World::start(data.path(), settings).await;
        // Only the queue fails: without the tables, the lease would soon be lost.
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(|call| match call.operation.as_str() {
            "SendMessageBatch" => Fate::FailsBefore,
            _ => Fate::Answered,
        });
        let full = "the queue took posts too slowly, and the buffer was full";
        let is_paused = async |world: &World| {
            let stream = world.get(&format!("{}/stream", world.api())).await;
            stream["state"] == "paused" && stream["reason"] == full
        };
        world.until("reading stops", is_paused).await;
        // The stub stores a limited number of posts.
        world.control("rate", &json!({ "rate": 1 })).await;
        let read = async |world: &World| {
            let report = world.get(&format!("{}/stream", world.api())).await["report"].take();
            report["postsRead"].as_u64().unwrap()
        };
        let before = read(&world).await;
        assert!((10_000..20_000).contains(&before), "{before} posts were read into a buffer of 10,000");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(read(&world).await, before, "reading has stopped");
        faults.end();
        let gaps = world.settled().await;
        assert!(gaps.iter().any(|gap| gap.cause == full && gap.posts > 0), "{gaps:#?}");
    });
}
