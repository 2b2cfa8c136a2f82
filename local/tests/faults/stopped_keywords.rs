//! Keywords that were stopped while X takes no change of its rules: what they cost is told, or not paid.

use std::time::Duration;

use serde_json::{Value, json};
use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, THIRD, World};

impl World {
    async fn shown(&self) -> Value {
        self.get(&format!("{}/stream", self.api())).await
    }

    async fn stop(&mut self, keyword: &str) {
        let url = format!("{}/stream?keyword={keyword}", self.api());
        assert_eq!(self.http.delete(url).send().await.unwrap().status(), 202);
        self.requested.remove(keyword);
    }

    /// A world of three keywords of which enough was read today to know how much each brings.
    async fn of_three(data: &std::path::Path) -> Self {
        // What was read yesterday says nothing of today.
        let now = UtcTime::now();
        let left = now.start_of_next_day().since(now);
        if left < Duration::from_secs(3600) {
            tokio::time::advance(left).await;
        }
        let mut world = Self::start(data, Settings { rate: 3.0, ..Settings::seed(1) }).await;
        world.begin(THIRD).await;
        tokio::time::sleep(Duration::from_secs(150)).await;
        world.settled().await;
        world
    }

    /// Waits until as many posts have been counted as the stub has delivered.
    pub(crate) async fn meters_agree(&self) {
        let agree = async |world: &Self| {
            let usage = world.get(&format!("{}/control/usage", world.stub)).await;
            world.shown().await["thisMonth"]["posts"] == usage["cycle"]["posts"]
        };
        self.until("both meters agree", agree).await;
    }
}

fn says(stream: &Value, start: &str) -> bool {
    stream["reason"].as_str().is_some_and(|reason| reason.starts_with(start))
}

#[test]
fn what_is_delivered_of_a_stopped_keyword_is_told_and_paid_for_and_not_stored() {
    virtually(async {
        let data = folder();
        let mut world = World::of_three(data.path()).await;
        world.fault(&json!({ "fault": "rules-status", "status": 503, "seconds": 300 })).await;
        world.stop(THIRD).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(world.shown().await["reason"], Value::Null, "not worth telling yet");
        let stored = world.stored(THIRD).await.unwrap();
        let told = async |world: &World| {
            says(&world.shown().await, "the source still delivers \"lion\", which was stopped, until 20")
        };
        world.until("it is told", told).await;
        let stream = world.shown().await;
        assert_eq!(stream["state"], "running");
        let reason = stream["reason"].as_str().unwrap();
        assert!(reason.contains("Z: about ") && reason.contains(" posts, at least $0."), "{reason}");
        let over = async |world: &World| world.shown().await["reason"].is_null();
        world.until("it is over", over).await;
        world.settled().await;
        assert_eq!(world.stored(THIRD).await.unwrap(), stored);
        world.meters_agree().await;
    });
}

#[test]
fn reading_is_interrupted_if_stopped_keywords_cost_more_than_all_others() {
    virtually(async {
        let data = folder();
        let mut world = World::of_three(data.path()).await;
        world.fault(&json!({ "fault": "rules-status", "status": 503, "seconds": 600 })).await;
        world.stop(THIRD).await;
        let told = async |world: &World| says(&world.shown().await, "the source still delivers");
        world.until("it is told", told).await;
        world.stop("zebra").await;
        let paused = async |world: &World| {
            let stream = world.shown().await;
            stream["state"] == "paused" && stream["report"]["waitingFor"] == "ruleChange"
        };
        world.until("reading is interrupted", paused).await;
        let cause = "reading would have cost more for \"lion\" and another keyword, which were stopped, than for all other keywords";
        assert!(says(&world.shown().await, cause), "{}", world.shown().await);
        let delivered = world.delivered().await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(world.delivered().await, delivered, "nothing is paid for");
        let runs = async |world: &World| world.shown().await["state"] == "running";
        world.until("it reads again", runs).await;
        let caused = async |world: &World| world.gaps().await.iter().any(|gap| gap.cause.starts_with(cause));
        world.until("the interruption is on record", caused).await;
        let gaps = world.settled().await;
        let caused: Vec<&Gap> = gaps.iter().filter(|gap| gap.cause.starts_with(cause)).collect();
        assert_eq!(caused.len(), 1, "{caused:#?}");
        assert_eq!((caused[0].keyword.as_str(), caused[0].state), ("giraffe", GapState::Closed));
        world.meters_agree().await;
    });
}
