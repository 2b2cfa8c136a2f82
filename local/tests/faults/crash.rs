//! Whichever call to AWS fails, and however it fails: every post is stored once, the counts equal the posts, CloudWatch
//! equals the counts, and the queues are empty in the end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::consistency::agree;
use crate::failing_calls::{self, Calls, FAILURES, Failure};
use crate::virtual_time::{folder, virtually};
use crate::world::{PATIENCE, Settings, World};

/// The number of posts, and the posts per second.
const POSTS: usize = 60;
const RATE: f64 = 20.0;

/// How long the posts take through the pipeline if nothing fails (virtual).
const LOAD_TIME: Duration = Duration::from_secs(8);

/// Posts about one or both keywords, from several countries and from none.
fn recording() -> Vec<Value> {
    let countries = ["LT", "PL", "JP", "BR"];
    let post = |index: usize| {
        let text = ["a zebra", "a giraffe", "a zebra and a giraffe"][index % 3];
        let mut post = json!({
            "data": {
                "id": (1 + index).to_string(), "text": format!("{text}, seen {index} times"), "author_id": "7",
                "created_at": "2026-11-24T10:00:00.000Z", "lang": "en",
            },
            "includes": { "users": [{ "id": "7", "name": "A", "username": "a" }], "places": [] },
        });
        if let Some(country) = countries.get(index % 5) {
            post["data"]["geo"] = json!({ "place_id": "p" });
            post["includes"]["places"] = json!([{ "id": "p", "country_code": country, "full_name": "P" }]);
        }
        post
    };
    (0..POSTS).map(post).collect()
}

/// Plays the load while these calls fail, and checks the result. Returns the operations called.
async fn play(which: &[(usize, Failure)]) -> Vec<String> {
    let data = folder();
    let settings = Settings { rate: RATE, recording: Some(recording()), ..Settings::seed(1) };
    let mut world = World::empty(data.path(), settings).await;
    let calls = Calls::that(|_| true);
    calls.fail(&world.machine.as_ref().unwrap().faults, which);
    let mut waiting = vec!["giraffe", "zebra"];
    let (begun, mut over) = (Instant::now(), None);
    loop {
        let died = async {
            tokio::select! {
                () = calls.died.notified() => true,
                () = start(&mut world, &mut waiting), if over.is_none() => false,
                () = tokio::time::sleep_until(over.unwrap_or_else(Instant::now)), if over.is_some() => false,
            }
        };
        match died.await {
            true => {
                world.machine = None;
                // A process takes a while to be started again.
                tokio::time::sleep(Duration::from_secs(2)).await;
                world.boot().await;
                calls.fail(&world.machine.as_ref().unwrap().faults, which);
            }
            false if over.is_none() => over = Some(Instant::now() + LOAD_TIME),
            // Timing differs between runs, so the last of these calls may not have been made yet.
            false if which.iter().any(|(number, _)| *number >= calls.made().len()) => {
                assert!(
                    begun.elapsed() < PATIENCE,
                    "only {} calls were made, too few for {which:?}",
                    calls.made().len()
                );
                over = Some(Instant::now() + Duration::from_secs(1));
            }
            false => break,
        }
    }
    world.machine.as_ref().unwrap().faults.end();
    settles(&world).await;
    calls.made()
}

/// Waits until everything is stored, counted and published.
async fn settles(world: &World) {
    world.settled().await;
    let end = Instant::now() + PATIENCE;
    while let Err(wrong) = agree(world).await {
        assert!(Instant::now() < end, "{wrong}");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let gaps = world.settled().await;
    assert!(gaps.iter().all(|gap| gap.state == stream::gaps::GapState::Closed), "{gaps:#?}");
}

/// Starts the keywords in `waiting` as a user does, retrying each until it is accepted.
async fn start(world: &mut World, waiting: &mut Vec<&'static str>) {
    while let Some(keyword) = waiting.last() {
        let request = world.http.post(format!("{}/stream", world.api())).json(&json!({ "keyword": keyword }));
        let answer = request.send().await.unwrap();
        if answer.status() != 202 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        }
        let answer: Value = answer.json().await.unwrap();
        world.note_request(keyword, &answer);
        waiting.pop();
    }
}

/// Plays every `step`th of all combinations of a call that the load makes and a way in which it can fail, starting with
/// combination `first`.
fn single_failures(first: usize, step: usize) {
    let operations = ["SendMessageBatch", "TransactWriteItems", "PutMetricData", "DeleteMessageBatch"];
    let calls = failing_calls::single_failures(|which| virtually(play(which)), &operations, first, step);
    assert!(calls.len() > 40, "{calls:?}");
}

#[test]
fn a_sample_of_calls_may_fail() {
    single_failures(0, 24);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_may_fail_1() {
    single_failures(0, 2);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_may_fail_2() {
    single_failures(1, 2);
}

/// `CRASH_RUNS` sets the number of runs; the default is 20.
#[test]
#[ignore = "takes a minute; `.ci/run` plays it"]
fn any_two_calls_may_fail() {
    let runs = std::env::var("CRASH_RUNS").map_or(20, |runs| runs.parse::<u64>().unwrap());
    let calls = virtually(play(&[])).len();
    for seed in 0..runs {
        let mut random = fastrand::Rng::with_seed(seed);
        // The first fault changes which calls are made, so only the first half is certain to be made.
        let mut fault = || (random.usize(0..calls / 2), FAILURES[random.usize(0..FAILURES.len())]);
        let both = [fault(), fault()];
        failing_calls::survives(both, || virtually(play(&both)));
    }
}

#[test]
fn every_message_may_be_delivered_twice() {
    virtually(async {
        let data = folder();
        let settings = Settings { rate: RATE, recording: Some(recording()), ..Settings::seed(1) };
        let mut world = World::empty(data.path(), settings).await;
        let refused = Arc::new(Mutex::new(0));
        let (count, until) = (Arc::clone(&refused), Instant::now() + LOAD_TIME);
        world.machine.as_ref().unwrap().faults.judge(move |call| {
            let deletes = call.operation == "DeleteMessageBatch";
            if deletes && Instant::now() < until {
                *count.lock().unwrap() += 1;
                return Fate::FailsBefore;
            }
            Fate::Answered
        });
        start(&mut world, &mut vec!["giraffe", "zebra"]).await;
        tokio::time::sleep(LOAD_TIME).await;
        assert!(*refused.lock().unwrap() > 0);
        settles(&world).await;
    });
}
