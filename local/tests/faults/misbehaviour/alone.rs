//! Each fault alone, and what is asked for while nothing fails.

use std::time::Duration;

use serde_json::json;
use stream::gaps::{Gap, GapState, Unfetchable};
use utc_time::UtcTime;

use super::trouble::{Trouble, faults};
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

#[test]
fn each_fault_alone_loses_nothing() {
    for fault in faults(3, 30) {
        virtually(async {
            let data = folder();
            let mut world = World::start(data.path(), Settings::seed(1)).await;
            world.trouble(&Trouble::Stream(fault.clone())).await;
            // Faults of search and of connections show only after an interruption.
            tokio::time::sleep(Duration::from_secs(5)).await;
            world.fault(&json!({ "fault": "close" })).await;
            let both = async |world: &World| world.interruptions().await >= 2;
            world.until("the interruption of both keywords is recorded", both).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{fault}: {gaps:#?}");
            world.money_is_right(&[]).await;
        });
    }
}

/// What X refuses is never lost for good: the request was wrong, or X is about to change.
#[test]
fn a_gap_whose_search_is_refused_says_so_and_is_healed_once_it_is_not() {
    for status in [400, 403, 404] {
        virtually(async {
            let data = folder();
            let world = World::start(data.path(), Settings { rate: 0.2, ..Settings::seed(1) }).await;
            world.settled().await;
            world.fault(&json!({ "fault": "search-status", "status": status, "seconds": 5000 })).await;
            world.fault(&json!({ "fault": "status", "status": 503, "seconds": 60 })).await;
            world.fault(&json!({ "fault": "close" })).await;
            let refused = async |world: &World| {
                let gaps = world.gaps().await;
                let says_so = |gap: &&Gap| {
                    let reason = gap.reason.as_deref().unwrap_or_default();
                    reason.starts_with("the source rejected the request; next attempt at 20")
                        && reason.contains(&format!("the source answered {status}"))
                };
                gaps.iter().filter(|gap| gap.state == GapState::Healing).any(|gap| says_so(&gap))
            };
            world.until("a gap says that its search is rejected", refused).await;
            // In one step; in small ones it would take minutes.
            tokio::time::advance(Duration::from_secs(5000)).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{status}: {gaps:#?}");
        });
    }
}

#[test]
fn whatever_is_asked_of_reposts_changes_without_a_loss() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 5.0, ..Settings::seed(1) }).await;
        world.settled().await;
        let (without, with) = ("(zebra) -is:retweet", "zebra");
        for (reposts, expression) in [(false, without), (true, with), (false, without)] {
            let body = json!({ "keyword": "zebra", "reposts": reposts });
            let now = UtcTime::now();
            world.begin_with("zebra", &body, expression).await;
            // From here on, what is asked for now.
            world.requested.insert("zebra", now);
            tokio::time::sleep(Duration::from_secs(60)).await;
            // Only reposts that were not asked for before are missing, and only since then.
            let gaps = world.gaps().await;
            let of_change = gaps.iter().filter(|gap| gap.keyword.as_str() == "zebra" && gap.to > now);
            let of_change: Vec<&Gap> = of_change.collect();
            assert_eq!(of_change.len(), usize::from(reposts), "{of_change:#?}");
            assert!(of_change.iter().all(|gap| gap.from >= now), "{of_change:#?}");
            world.fault(&json!({ "fault": "status", "status": 503, "seconds": 20 })).await;
            world.fault(&json!({ "fault": "close" })).await;
            tokio::time::sleep(Duration::from_secs(90)).await;
            world.settled().await;
        }
        let before = world.stored("zebra").await.unwrap().len();
        tokio::time::sleep(Duration::from_secs(60)).await;
        world.settled().await;
        assert!(world.stored("zebra").await.unwrap().len() > before + 20);
        let gaps = world.gaps().await;
        let last = gaps.iter().filter(|gap| gap.keyword.as_str() == "zebra" && gap.state == GapState::Closed);
        let last = last.max_by_key(|gap| gap.to).unwrap();
        assert!(!last.may_lack.as_ref().unwrap().kinds.contains(&Unfetchable::Reposts), "{last:?}");
    });
}
