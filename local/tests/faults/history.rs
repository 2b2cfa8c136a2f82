//! Posts from before a keyword was started are fetched on request, through crashes, within what was asked for.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use stream::gaps::{Gap, GapState, HealedBy, Unfetchable};
use utc_time::UtcTime;
use x::snowflake::first_id;

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many posts there are, one every twenty minutes: forty-one days of them.
const POSTS: u64 = 3_000;

/// Posts about zebras, written before now, the oldest first.
fn written(now: UtcTime) -> Vec<(UtcTime, u64)> {
    let at = |number: u64| now.before(Duration::from_secs(60 + 20 * 60 * (POSTS - number)));
    (0..POSTS).map(|number| (at(number), first_id(at(number)) + number % 7)).collect()
}

/// A world in which another keyword is being read, and those posts were written.
async fn world(data: &Path, posts: &[(UtcTime, u64)], daily_post_budget: Option<u64>) -> World {
    let recorded = posts.iter().map(|(at, id)| {
        let id = id.to_string();
        json!({
            "data": { "id": id, "text": format!("zebra {id}"), "created_at": at.to_string(), "author_id": "7" },
            "includes": { "users": [{ "id": "7", "name": "Z", "username": "z" }] },
        })
    });
    world_of(data, recorded.collect(), daily_post_budget).await
}

/// A world in which another keyword is being read, and these posts about zebras were written.
pub(crate) async fn world_of(data: &Path, posts: Vec<Value>, daily_post_budget: Option<u64>) -> World {
    let written = posts.len() as u64;
    let settings = Settings {
        rate: 1000.0,
        recording: Some(posts),
        keep_ids: true,
        daily_post_budget,
        ..Settings::seed(1)
    };
    let mut world = World::empty(data, settings).await;
    world.control("watch", &json!({ "expression": "zebra" })).await;
    world.begin("lion").await;
    let are_written = async |world: &World| {
        let posted = world.get(&format!("{}/control/posts", world.stub)).await;
        posted["posted"].as_u64().unwrap() >= written
    };
    world.until("the posts are written", are_written).await;
    world
}

impl World {
    /// What `GET /stream` says of the history of `zebra`.
    async fn history(&self) -> Value {
        let stream = self.get(&format!("{}/stream", self.api())).await;
        let mut keywords = stream["keywords"].as_array().unwrap().iter();
        keywords.find(|keyword| keyword["keyword"] == "zebra").unwrap()["history"].clone()
    }

    /// Waits until the history of `zebra` is fetched; returns what `GET /stream` says of it.
    pub(crate) async fn fetched(&self) -> Value {
        let is_over = async |world: &World| world.history().await["state"] == "closed";
        self.until("the history is fetched", is_over).await;
        self.settled().await;
        self.history().await
    }

    /// How many posts X has charged for.
    async fn charged(&self) -> u64 {
        self.get(&format!("{}/control/usage", self.stub)).await["cycle"]["posts"].as_u64().unwrap()
    }

    /// The stored posts of `zebra`, and how many posts X has charged for.
    async fn stored_and_charged(&self) -> (BTreeSet<String>, u64) {
        (self.stored("zebra").await.unwrap(), self.charged().await)
    }

    async fn gap_of_history(&self) -> Gap {
        self.gaps().await.into_iter().find(|gap| gap.history.is_some()).unwrap()
    }
}

fn ids<'a>(posts: impl IntoIterator<Item = &'a (UtcTime, u64)>) -> BTreeSet<String> {
    posts.into_iter().map(|(_, id)| id.to_string()).collect()
}

#[test]
fn posts_since_a_time_are_fetched_once_whatever_crashes() {
    for order in ["newestFirst", "oldestFirst"] {
        virtually(async {
            let (data, now) = (folder(), UtcTime::now());
            let posts = written(now);
            let mut world = world(data.path(), &posts, None).await;
            let since = now.before(30 * DAY);
            world
                .begin_with("zebra", &json!({ "keyword": "zebra", "since": since, "order": order }), "zebra")
                .await;
            let has_begun = async |world: &World| world.charged().await > 400;
            world.until("some of it is fetched", has_begun).await;
            assert!(world.charged().await < 2_000, "it is not over yet");
            let before = world.history().await;
            assert_eq!((&before["state"], &before["since"]), (&json!("healing"), &json!(since)), "{before}");
            world.machine = None;
            world.boot().await;
            let after = world.fetched().await;
            let wanted = ids(posts.iter().filter(|(at, _)| *at >= since));
            let (stored, charged) = world.stored_and_charged().await;
            assert_eq!(stored, wanted, "{order}: {} of {}", stored.len(), wanted.len());
            // The second in which it begins is fetched whole.
            assert!((wanted.len() as u64..=wanted.len() as u64 + 1).contains(&charged), "{order}: {charged}");
            assert_eq!((&after["left"], &after["reason"]), (&Value::Null, &Value::Null), "{after}");
            let gap = world.gap_of_history().await;
            assert_eq!((gap.healed_by, gap.from), (Some(HealedBy::Search), since));
            assert!(gap.may_lack.unwrap().kinds.contains(&Unfetchable::Reposts));
        });
    }
}

#[test]
fn no_more_posts_are_fetched_than_were_asked_for_and_the_rest_is_named() {
    for order in ["newestFirst", "oldestFirst"] {
        virtually(async {
            let (data, now) = (folder(), UtcTime::now());
            let posts = written(now);
            let mut world = world(data.path(), &posts, None).await;
            let since = now.before(30 * DAY);
            let body = json!({ "keyword": "zebra", "since": since, "maxPosts": 600, "order": order });
            world.control("watch", &json!({ "expression": "nothing" })).await;
            world.begin_with("zebra", &body, "nothing").await;
            let history = world.fetched().await;
            let (stored, charged) = world.stored_and_charged().await;
            assert_eq!(
                history["reason"],
                format!("{} posts were fetched, as many as requested", stored.len())
            );
            assert!((590..=600).contains(&stored.len()) && charged <= 601, "{} {charged}", stored.len());
            let left = |end: &str| history["left"][end].as_str().unwrap().parse::<UtcTime>().unwrap();
            let outside =
                posts.iter().filter(|(at, _)| *at >= since && (*at < left("from") || *at > left("to")));
            let outside = ids(outside);
            assert!(outside.is_subset(&stored), "{order}: what is not left is stored");
            assert!(outside.len() > 580, "{order}: {}", outside.len());
            // The same request again fetches nothing more; another one is refused.
            let again = world.http.post(format!("{}/stream", world.api())).json(&body).send().await.unwrap();
            assert_eq!(again.status(), 202);
            let other = json!({ "keyword": "zebra", "since": since, "maxPosts": 700, "order": order });
            let other = world.http.post(format!("{}/stream", world.api())).json(&other).send().await.unwrap();
            assert_eq!(other.status(), 409);
        });
    }
}

#[test]
fn where_x_offers_no_older_posts_than_those_of_a_week_a_gap_says_so_and_the_week_is_fetched() {
    virtually(async {
        let (data, now) = (folder(), UtcTime::now());
        let posts = written(now);
        let mut world = world(data.path(), &posts, None).await;
        world.fault(&json!({ "fault": "archive-refused", "seconds": 24 * 3600 })).await;
        let since = now.before(30 * DAY);
        world.begin_with("zebra", &json!({ "keyword": "zebra", "since": since }), "zebra").await;
        let history = world.fetched().await;
        let from: UtcTime = history["from"].as_str().unwrap().parse().unwrap();
        assert!(from > now.before(7 * DAY) && from < now.before(6 * DAY), "{history}");
        let open: Vec<Gap> =
            world.gaps().await.into_iter().filter(|gap| gap.state == GapState::Open).collect();
        assert_eq!(open.len(), 1, "{open:#?}");
        assert_eq!((open[0].from, open[0].to.after(Duration::from_millis(1))), (since, from));
        let (stored, _) = world.stored_and_charged().await;
        assert_eq!(stored, ids(posts.iter().filter(|(at, _)| *at >= from)));
    });
}

#[test]
fn a_history_ends_with_its_keyword_and_does_not_come_back_with_it() {
    virtually(async {
        let (data, now) = (folder(), UtcTime::now());
        let posts = written(now);
        let mut world = world(data.path(), &posts, None).await;
        world.fault(&json!({ "fault": "search-status", "status": 503, "seconds": 300 })).await;
        let since = now.before(3 * DAY);
        world.begin_with("zebra", &json!({ "keyword": "zebra", "since": since }), "zebra").await;
        let waits = async |world: &World| world.history().await["reason"].is_string();
        world.until("fetching fails", waits).await;
        let url = format!("{}/stream?keyword=zebra", world.api());
        assert_eq!(world.http.delete(url).send().await.unwrap().status(), 202);
        world.begin("zebra").await;
        world.settled().await;
        assert_eq!(world.gap_of_history().await.state, GapState::Abandoned);
        assert_eq!((world.history().await, world.charged().await), (Value::Null, 0));
    });
}

#[test]
fn a_history_leaves_the_days_budget_to_the_stream_and_goes_on_the_next_day() {
    virtually(async {
        let (data, now) = (folder(), UtcTime::now());
        let posts = written(now);
        let mut world = world(data.path(), &posts, Some(1_000)).await;
        let since = now.before(30 * DAY);
        world.begin_with("zebra", &json!({ "keyword": "zebra", "since": since }), "zebra").await;
        let waits = async |world: &World| {
            let reason = world.history().await["reason"].clone();
            reason == "the rest of the day's budget of posts is left to the stream"
        };
        world.until("it waits", waits).await;
        let charged = world.charged().await;
        assert!((850..=1_000).contains(&charged), "{charged}");
        let stream = world.get(&format!("{}/stream", world.api())).await;
        assert_eq!(stream["state"], "running", "{stream}");
        let midnight = UtcTime::now().start_of_next_day().since(UtcTime::now());
        tokio::time::advance(midnight + Duration::from_secs(1)).await;
        let goes_on = async |world: &World| world.charged().await > charged + 400;
        world.until("it goes on", goes_on).await;
    });
}

#[test]
fn what_became_of_a_history_is_known_although_the_streamer_dies_before_it_says_so() {
    virtually(async {
        let (data, now) = (folder(), UtcTime::now());
        let posts = written(now);
        let mut world = world(data.path(), &posts, None).await;
        world.fault(&json!({ "fault": "search-status", "status": 503, "seconds": 60 })).await;
        let since = now.before(DAY);
        world.begin_with("zebra", &json!({ "keyword": "zebra", "since": since }), "zebra").await;
        let waits = async |world: &World| world.history().await["reason"].is_string();
        world.until("fetching fails", waits).await;
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(|call| {
            let is_of_history =
                call.request["UpdateExpression"].as_str().unwrap_or_default().contains("#history");
            if is_of_history { Fate::FailsBefore } else { Fate::Answered }
        });
        world.until("all of it is fetched", async |world| world.charged().await > 60).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(world.history().await["state"], "healing");
        world.machine = None;
        world.boot().await;
        assert_eq!(world.fetched().await["reason"], Value::Null);
    });
}
