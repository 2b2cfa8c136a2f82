//! What the account allows: credits, a spending limit, X's monthly cap, and our own budgets.

use std::time::Duration;

use serde_json::json;
use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use super::trouble::Trouble;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, THIRD, World};

#[test]
fn at_the_spending_limit_and_at_xs_monthly_cap_reading_pauses_and_goes_on_by_itself() {
    for (path, limit, lifted, waiting_for) in [
        ("spending-limit", json!({ "microDollars": 1 }), json!({ "microDollars": null }), "credits"),
        ("monthly-cap", json!({ "posts": 1 }), json!({ "posts": 3_000_000 }), "monthlyCap"),
    ] {
        virtually(async {
            let data = folder();
            let world = World::start(data.path(), Settings::seed(1)).await;
            world.settled().await;
            world.control(path, &limit).await;
            let stream = async |world: &World| world.get(&format!("{}/stream", world.api())).await;
            let paused = async |world: &World| {
                let stream = stream(world).await;
                stream["state"] == "paused" && stream["report"]["waitingFor"] == waiting_for
            };
            world.until("reading pauses", paused).await;
            world.control(path, &lifted).await;
            // In one step; in small ones it would take minutes.
            tokio::time::advance(Duration::from_secs(3700)).await;
            let runs = async |world: &World| stream(world).await["state"] == "running";
            world.until("it reads again", runs).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{waiting_for}: {gaps:#?}");
        });
    }
}

#[test]
fn without_credits_reading_pauses_and_says_so_and_what_was_missed_is_healed() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        world.settled().await;
        world.fault(&json!({ "fault": "status", "status": 402, "seconds": 3 * 3600 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        let stream = async |world: &World| world.get(&format!("{}/stream", world.api())).await;
        let paused = async |world: &World| {
            let stream = stream(world).await;
            stream["state"] == "paused" && stream["report"]["waitingFor"] == "credits"
        };
        world.until("reading pauses", paused).await;
        let reason = stream(&world).await["reason"].as_str().unwrap().to_owned();
        assert!(reason.starts_with("out of credits: the source answered 402 Payment Required"), "{reason}");
        assert!(reason.contains("; the next attempt is due at 20"), "{reason}");
        // In one step; in small ones it would take minutes.
        tokio::time::advance(Duration::from_secs(3 * 3600)).await;
        let is_long = |gap: &Gap| gap.to.since(gap.from) > Duration::from_secs(3 * 3600);
        let recorded =
            async |world: &World| world.gaps().await.iter().filter(|gap| is_long(gap)).count() == 2;
        world.until("the three hours are on record for both keywords", recorded).await;
        let gaps = world.settled().await;
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
    });
}

#[test]
fn at_the_budget_reading_pauses_until_the_next_day_and_the_pause_is_reported() {
    virtually(async {
        let data = folder();
        let settings = Settings { daily_post_budget: Some(150), rate: 2.0, ..Settings::seed(1) };
        let mut world = World::start(data.path(), settings).await;
        let stream = async |world: &World| world.get(&format!("{}/stream", world.api())).await;
        let is_paused = async |world: &World| stream(world).await["state"] == "paused";
        world.until("reading pauses", is_paused).await;
        tokio::time::sleep(Duration::from_secs(200)).await;
        let stream = stream(&world).await;
        assert!(
            stream["reason"].as_str().unwrap().starts_with("budget: 150 posts were read today"),
            "{stream}"
        );
        assert!(
            world.delivered().await <= 152,
            "only what is on the wire when the budget is reached may still be read"
        );
        // A new streamer stays within the same budget.
        world.trouble(&Trouble::Crash).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        world.until("the new streamer pauses", is_paused).await;
        let gaps = world.settled().await;
        let reason = "the day's budget of posts was used up";
        let paused = |gaps: &[Gap]| {
            let paused = gaps.iter().filter(|gap| gap.reason.as_deref() == Some(reason));
            paused.filter(|gap| gap.state == GapState::Open).count()
        };
        assert_eq!(paused(&gaps), 2, "each keyword has one gap for the pause: {gaps:#?}");
        // A keyword that is added during the pause misses posts too.
        world.begin(THIRD).await;
        let third = async |world: &World| paused(&world.gaps().await) == 3;
        world.until("the third keyword's pause is recorded", third).await;
        // At this rate, the next day's budget is not used up.
        world.control("rate", &json!({ "rate": 0.2 })).await;
        let night = UtcTime::now().start_of_next_day().since(UtcTime::now());
        // In one step; in small ones it would take minutes.
        tokio::time::advance(night).await;
        let mut states = Vec::new();
        while states.last() != Some(&json!("running")) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            states.push(world.get(&format!("{}/stream", world.api())).await["state"].take());
            assert!(states.len() < 30, "{states:?}");
        }
        world.settled().await;
    });
}
