//! The check goes through all posts, follows X's answers, and survives what is wrong with them.

use std::collections::BTreeSet;
use std::time::Duration;

use posts::Post;
use posts::envelope::{EncodedPost, Parcel};
use serde_json::{Value, json};
use tokio::time::Instant;
use utc_time::UtcTime;

use super::world::{KEYWORDS, collected};
use crate::consistency::{all_is_handled, published};
use crate::hours::virtually_for_hours;
use crate::virtual_time::{folder, virtually_in_steps_of};
use crate::world::World;

/// The id of a stored post that is still there and satisfies `is_so`.
async fn some_post(world: &World, is_so: impl Fn(&Value) -> bool) -> String {
    let posts = world.all_exported().await;
    posts.iter().find(|(_, post)| is_so(post)).unwrap().0.clone()
}

#[test]
fn what_is_taken_back_at_x_leaves_the_tables_and_the_exports_and_nothing_brings_it_back() {
    virtually_for_hours(async {
        let data = folder();
        let world = collected(data.path(), 1).await;
        let before = world.all_exported().await;
        let mut gone = BTreeSet::new();
        for reason in ["deleted", "protected", "suspended", "bounced"] {
            let id = before.keys().find(|id| !gone.contains(*id)).unwrap();
            gone.extend(world.take_back(id, reason).await);
        }
        let placed = some_post(&world, |post| {
            post["countrySource"] == "place" && !gone.contains(post["tweetId"].as_str().unwrap())
        })
        .await;
        let placed_whole = format!("{}/tweets/{placed}?fields=all", world.api());
        let tweet = world.get(&placed_whole).await["tweets"][0].clone();
        assert!(tweet["placeName"].is_string() && tweet["raw"]["includes"]["places"].is_array(), "{tweet}");
        let scrubbed = world.take_back(&placed, "scrub_geo").await;
        let checked = world.check().await.outcome;
        let taken = checked.deleted + checked.protected + checked.suspended + checked.bounced;
        assert!(
            checked.deleted >= 1 && checked.protected >= 1 && checked.suspended >= 1 && checked.bounced >= 1
        );
        let stored_of =
            |ids: &BTreeSet<String>| ids.iter().filter(|id| before.contains_key(*id)).count() as u64;
        assert_eq!((taken, checked.other, checked.skipped), (stored_of(&gone), 0, 0), "{checked:?}");
        assert!(checked.scrub_geo >= 1 && checked.scrub_geo <= stored_of(&scrubbed), "{checked:?}");
        assert_eq!(checked.checked, before.len() as u64);

        let after = world.all_exported().await;
        let expected: BTreeSet<&String> = before.keys().filter(|id| !gone.contains(*id)).collect();
        assert_eq!(after.keys().collect::<BTreeSet<_>>(), expected);
        assert_eq!(
            (&after[&placed]["country"], &after[&placed]["countrySource"]),
            (&Value::Null, &Value::Null)
        );
        let tweet = world.get(&placed_whole).await["tweets"][0].clone();
        let sent = &tweet["raw"];
        assert!(tweet["placeName"].is_null() && tweet["text"].is_string(), "{tweet}");
        assert!(sent["data"]["geo"].is_null() && sent["includes"]["places"].is_null(), "{sent}");
        world.assert_counts_equal_posts().await;
        let tweet = world.http.get(format!("{}/tweets/{}", world.api(), gone.first().unwrap()));
        assert_eq!(tweet.send().await.unwrap().status(), 404);

        // A message that is sent again, and a dead letter that is redriven.
        let taken_back = gone.iter().filter_map(|id| before.get(id));
        let posts: Vec<Post> = taken_back.map(|post| serde_json::from_value(post.clone()).unwrap()).collect();
        let aws = &world.machine.as_ref().unwrap().aws;
        let sqs = aws_sdk_sqs::Client::new(aws.sdk());
        for keyword in KEYWORDS {
            let mut parcel = Parcel::new(keyword.parse().unwrap());
            posts
                .iter()
                .for_each(|post| parcel.add(&EncodedPost::encode(post.into(), post.create_date).unwrap()));
            let message = sqs.send_message().queue_url(aws.queue_url("TweetsFifoQueue.fifo"));
            let message = message.message_body(parcel.body()).message_group_id(keyword);
            message.message_deduplication_id(format!("again-{keyword}")).send().await.unwrap();
            let letters = aws.dead_letter_queue();
            letters
                .put(&format!("letter-{keyword}"), None, keyword, &parcel.body(), "an outage")
                .await
                .unwrap();
        }
        world.http.post(format!("{}/deadLetters/redrive", world.api())).send().await.unwrap();
        world.until("all is handled", async |world| all_is_handled(world).await.is_ok()).await;
        world.until("all is published", async |world| published(world).await.is_ok()).await;
        assert_eq!(world.all_exported().await, after);
        world.assert_counts_equal_posts().await;
        assert_eq!(world.check().await.outcome.deleted, 0);

        let shown = &world.stream_shown().await["compliance"];
        assert_eq!((&shown["trouble"], &shown["underWay"]), (&Value::Null, &Value::Null));
        assert_eq!(shown["lastCheck"]["outcome"]["checked"], after.len());
        assert_eq!(shown["uncheckedSince"], shown["lastCheck"]["begunAt"]);
    });
}

#[test]
fn strange_lines_and_ids_that_nobody_uploaded_harm_nothing_else() {
    virtually_for_hours(async {
        let data = folder();
        let world = collected(data.path(), 2).await;
        let before = world.all_exported().await;
        let gone = world.take_back(before.keys().next().unwrap(), "deleted").await;
        world.fault(&json!({ "fault": "strange-results", "seconds": 3600 })).await;
        let outcome = world.check().await.outcome;
        // The last of its lines has a reason that is new: a deletion all the same.
        assert_eq!(
            outcome.deleted + outcome.other,
            gone.iter().filter(|id| before.contains_key(*id)).count() as u64
        );
        assert_eq!((outcome.other, outcome.not_needed), (1, 1), "{outcome:?}");
        // Broken, too long, without an id, of another source, and of a new action.
        assert_eq!((outcome.skipped, outcome.jobs, outcome.jobs_failed), (5, 1, 0), "{outcome:?}");
        assert_eq!(world.all_exported().await.len(), before.len() - gone.len());
        world.assert_counts_equal_posts().await;
    });
}

/// A check that meets a fault succeeds in the end; returns how many jobs failed.
async fn survives(world: &World, fault: Value) -> u64 {
    let id = some_post(world, |_| true).await;
    world.take_back(&id, "deleted").await;
    world.fault(&fault).await;
    let outcome = world.check().await.outcome;
    assert_eq!(outcome.jobs, 1, "{fault}");
    assert!(outcome.deleted >= 1 && !world.all_exported().await.contains_key(&id), "{fault}");
    assert_eq!(world.stream_shown().await["compliance"]["trouble"], Value::Null, "{fault}");
    outcome.jobs_failed
}

#[test]
fn a_job_that_fails_expires_or_is_forgotten_is_repeated() {
    virtually_for_hours(async {
        let data = folder();
        let world = collected(data.path(), 3).await;
        assert_eq!(survives(&world, json!({ "fault": "job-fails" })).await, 1);
        // Long enough that X gives the job up before its ids come.
        let failed =
            survives(&world, json!({ "fault": "upload-status", "status": 503, "seconds": 1200 })).await;
        assert_eq!(failed, 1);
        // An address that refuses may have taken the ids already: another job is needed, once X has given this one up.
        let failed =
            survives(&world, json!({ "fault": "upload-status", "status": 403, "seconds": 60 })).await;
        assert!(failed >= 1);
        assert_eq!(survives(&world, json!({ "fault": "status", "status": 503, "seconds": 600 })).await, 0);
        assert_eq!(survives(&world, json!({ "fault": "status", "status": 403, "seconds": 6000 })).await, 0);
        world.assert_counts_equal_posts().await;

        // A job is forgotten while it works, and another program's job is in the way.
        let id = some_post(&world, |_| true).await;
        world.take_back(&id, "deleted").await;
        let asked_at = UtcTime::now();
        world.make_check_due().await;
        let has_job = async |world: &World| {
            let state = world.status().compliance().await.unwrap().unwrap();
            state.check.and_then(|check| check.job).is_some_and(|job| job.is_uploaded)
        };
        world.until("ids are uploaded", has_job).await;
        world.fault(&json!({ "fault": "jobs-forgotten" })).await;
        let other = world.http.post(format!("{}/2/compliance/jobs", world.stub)).bearer_auth("stub-token");
        let other = other.json(&json!({ "type": "tweets", "name": "another program's" }));
        assert_eq!(other.send().await.unwrap().status(), 200);
        let in_trouble = async |world: &World| {
            let trouble = world.stream_shown().await["compliance"]["trouble"]["reason"].clone();
            trouble
                .as_str()
                .is_some_and(|reason| reason.contains("another job of batch compliance is under way"))
        };
        world.until("it waits for the other job", in_trouble).await;
        let outcome = world.checked_since(asked_at).await.outcome;
        assert!(outcome.deleted >= 1 && outcome.jobs_failed == 1, "{outcome:?}");
        assert!(!world.all_exported().await.contains_key(&id));
        world.assert_counts_equal_posts().await;
    });
}

#[test]
#[ignore = "takes a minute; `.ci/run` plays it"]
fn a_check_is_made_by_itself_and_within_a_day() {
    // A round trip takes long, so that a day passes.
    virtually_in_steps_of(Duration::from_millis(400), async {
        let data = folder();
        let world = collected(data.path(), 4).await;
        let first = world.checked_since(UtcTime::now().before(Duration::from_secs(24 * 3600))).await;
        let id = some_post(&world, |_| true).await;
        world.take_back(&id, "deleted").await;
        let taken_at = UtcTime::now();
        let checked = world.until_gone(&id, Duration::from_secs(24 * 3600)).await;
        assert!(checked.begun_at.since(first.begun_at) >= Duration::from_secs(22 * 3600));
        assert!(UtcTime::now().since(taken_at) <= Duration::from_secs(24 * 3600));
        world.assert_counts_equal_posts().await;
    });
}

impl World {
    /// Waits until a post is no longer listed; returns the last check.
    async fn until_gone(&self, id: &str, within: Duration) -> stream::compliance::FinishedCheck {
        let end = Instant::now() + within;
        while self.all_exported().await.contains_key(id) {
            assert!(Instant::now() < end, "it is still there");
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        self.status().compliance().await.unwrap().unwrap().last.unwrap()
    }
}
