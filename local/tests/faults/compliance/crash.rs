//! Whichever call of a check fails, and however: what was taken back is gone, counted once, and everything else is there.

use std::time::Duration;

use local::Call;
use tokio::time::Instant;
use utc_time::UtcTime;

use super::world::collected;
use crate::consistency::published;
use crate::failing_calls::{self, Calls, Failure};
use crate::hours::virtually_for_hours;
use crate::virtual_time::folder;

/// Whether a call belongs to the check.
fn is_of_check(call: &Call) -> bool {
    let names =
        |item: &str| call.request["Key"]["item"]["S"] == item || call.request["Item"]["item"]["S"] == item;
    let of_tables = call.operation == "TransactWriteItems" || call.resource.as_deref() == Some("TweetsTable");
    call.caller == "minute" && (of_tables || call.operation == "GetParameter" || names("compliance"))
}

/// Plays a check while these of its calls fail, and checks the result. Returns the operations called.
async fn play(which: &[(usize, Failure)]) -> Vec<String> {
    let data = folder();
    let mut world = collected(data.path(), 5).await;
    let before = world.all_exported().await;
    let mut gone = std::collections::BTreeSet::new();
    for reason in ["deleted", "bounced"] {
        let id = before.keys().find(|id| !gone.contains(*id)).unwrap();
        gone.extend(world.take_back(id, reason).await);
    }
    let placed = |id: &&String| before[*id]["countrySource"] == "place" && !gone.contains(*id);
    let placed = before.keys().find(placed).unwrap().clone();
    world.take_back(&placed, "scrub_geo").await;
    let asked_at = UtcTime::now();
    world.make_check_due().await;
    let calls = Calls::that(is_of_check);
    calls.fail(&world.machine.as_ref().unwrap().faults, which);
    let end = Instant::now() + Duration::from_secs(3 * 3600);
    loop {
        let died = tokio::select! {
            () = calls.died.notified() => true,
            () = tokio::time::sleep(Duration::from_secs(20)) => false,
        };
        if died {
            world.machine = None;
            tokio::time::sleep(Duration::from_secs(2)).await;
            world.boot().await;
            calls.fail(&world.machine.as_ref().unwrap().faults, which);
            continue;
        }
        let last = world.status().compliance().await.unwrap().and_then(|state| state.last);
        if last.is_some_and(|last| last.begun_at >= asked_at) {
            break;
        }
        assert!(Instant::now() < end, "the check does not end");
    }
    world.machine.as_ref().unwrap().faults.end();
    let after = world.all_exported().await;
    assert!(after.keys().eq(before.keys().filter(|id| !gone.contains(*id))), "{gone:?}");
    assert!(after[&placed]["country"].is_null());
    world.assert_counts_equal_posts().await;
    world.until("all is published", async |world| published(world).await.is_ok()).await;
    calls.made()
}

/// Plays every `step`th of all combinations of a call and a way in which it can fail, starting with combination `first`.
fn single_failures(first: usize, step: usize) {
    let operations = ["Scan", "TransactWriteItems", "PutItem", "Query", "GetParameter"];
    let _ =
        failing_calls::single_failures(|which| virtually_for_hours(play(which)), &operations, first, step);
}

#[test]
fn a_sample_of_a_checks_calls_may_fail() {
    single_failures(1, 20);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_of_a_check_may_fail() {
    single_failures(0, 1);
}
