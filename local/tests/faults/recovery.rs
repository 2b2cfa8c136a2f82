//! An Enterprise account: X delivers a long interruption again, and search heals what it does not.

use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use stream::gaps::{Gap, GapState, HealedBy};

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

impl World {
    /// A world of an Enterprise account, whose stream is interrupted for longer than backfill covers.
    async fn enterprise(data: &std::path::Path, settings: Settings, seconds: u64) -> Self {
        let world = Self::start(data, Settings { backfill: true, ..settings }).await;
        world.settled().await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": seconds })).await;
        world.fault(&json!({ "fault": "close" })).await;
        world
    }

    /// The gaps of the interruption, by what is known of them when it is over.
    async fn long_gaps(&self) -> Vec<Gap> {
        let mut gaps = self.gaps().await;
        gaps.retain(|gap| gap.to.since(gap.from) > Duration::from_secs(200));
        gaps
    }

    async fn until_recorded(&self) {
        self.until("both interruptions are recorded", async |world| world.long_gaps().await.len() >= 2).await;
    }
}

fn healed_by(gaps: &[Gap], by: HealedBy) -> usize {
    gaps.iter().filter(|gap| gap.state == GapState::Closed && gap.healed_by == Some(by)).count()
}

#[test]
fn an_interruption_of_minutes_is_recovered_whole_with_its_reposts() {
    virtually(async {
        let data = folder();
        let world = World::enterprise(data.path(), Settings { rate: 3.0, ..Settings::seed(1) }, 400).await;
        world.fault(&json!({ "fault": "search-status", "status": 403, "seconds": 9000 })).await;
        world.until_recorded().await;
        world.settled().await;
        let gaps = world.long_gaps().await;
        assert_eq!((gaps.len(), healed_by(&gaps, HealedBy::Recovery)), (2, 2), "{gaps:#?}");
        // Without them, all that was posted must be stored, reposts too.
        assert!(gaps.iter().all(|gap| gap.may_lack.is_none() && gap.posts > 100), "{gaps:#?}");
        world.meters_agree().await;
    });
}

#[test]
fn what_cannot_be_recovered_is_searched() {
    virtually(async {
        let data = folder();
        // The account has five minutes of backfill, and posts are delivered up to half a minute late.
        let world = World::enterprise(data.path(), Settings::seed(1), 290).await;
        world.fault(&json!({ "fault": "recovery-status", "status": 503, "seconds": 900 })).await;
        world.until_recorded().await;
        world.settled().await;
        let gaps = world.long_gaps().await;
        assert_eq!((gaps.len(), healed_by(&gaps, HealedBy::Search)), (2, 2), "{gaps:#?}");
    });
}

#[test]
fn a_day_is_recovered_and_what_is_older_is_searched() {
    virtually(async {
        let data = folder();
        let world = World::enterprise(data.path(), Settings::seed(1), 26 * 3600).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        // In one step; in small ones it would take minutes.
        tokio::time::advance(Duration::from_secs(26 * 3600)).await;
        world.until_recorded().await;
        world.settled().await;
        let gaps = world.long_gaps().await;
        assert_eq!(healed_by(&gaps, HealedBy::Recovery), 2, "{gaps:#?}");
        assert_eq!(healed_by(&gaps, HealedBy::Search), 2, "{gaps:#?}");
    });
}

/// What was recovered is not healed before the queue has it.
#[test]
fn a_crash_during_a_recovery_loses_nothing() {
    virtually(async {
        let data = folder();
        let settings = Settings { rate: 3.0, ..Settings::seed(1) };
        let mut world = World::enterprise(data.path(), settings, 400).await;
        world.until_recorded().await;
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(|call| match call.operation.as_str() {
            "SendMessageBatch" => Fate::FailsBefore,
            _ => Fate::Answered,
        });
        tokio::time::sleep(Duration::from_secs(90)).await;
        let gaps = world.long_gaps().await;
        assert!(gaps.len() == 2 && gaps.iter().all(|gap| gap.state == GapState::Healing), "{gaps:#?}");
        world.machine = None;
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.boot().await;
        world.settled().await;
        let gaps = world.long_gaps().await;
        assert!(healed_by(&gaps, HealedBy::Search) >= 2, "{gaps:#?}");
    });
}

#[test]
fn a_recovery_never_exceeds_the_days_budget() {
    virtually(async {
        let data = folder();
        let settings = Settings { daily_post_budget: Some(1_500), rate: 10.0, ..Settings::seed(1) };
        let world = World::enterprise(data.path(), settings, 400).await;
        let stream = async |world: &World| -> Value { world.get(&format!("{}/stream", world.api())).await };
        let paused = async |world: &World| stream(world).await["state"] == "paused";
        world.until("the budget is used up", paused).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let posts = stream(&world).await["today"]["posts"].as_u64().unwrap();
        // A few may be on the wire when the stream is closed.
        assert!((1_500..=1_503).contains(&posts), "{posts} posts of 1,500");
        let gaps = world.gaps().await;
        let waits = gaps.iter().any(|gap| gap.state == GapState::Healing && gap.posts > 100);
        assert!(waits, "{gaps:#?}");
    });
}
