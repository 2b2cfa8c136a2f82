//! A keyword that has brought as many posts as it may in a day is not read until the next, alone.

use std::time::Duration;

use serde_json::{Value, json};
use stream::gaps::{Gap, GapState};
use utc_time::UtcTime;

use crate::misbehaviour::Trouble;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

impl World {
    /// What `GET /stream` says of `zebra`.
    async fn zebra(&self) -> Value {
        let stream = self.get(&format!("{}/stream", self.api())).await;
        let mut keywords = stream["keywords"].as_array().unwrap().iter();
        keywords.find(|keyword| keyword["keyword"] == "zebra").unwrap().clone()
    }

    /// Sets how many posts `zebra` may bring in a day.
    async fn limit(&self, posts: Value) -> u16 {
        let body = json!({ "keyword": "zebra", "maxPostsADay": posts });
        let request = self.http.post(format!("{}/stream", self.api())).json(&body);
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until `zebra` is paused and X has no rule for it any more.
    async fn until_paused(&self) {
        let is_paused = async |world: &World| world.zebra().await["pausedUntil"].is_string();
        self.until("the keyword is paused", is_paused).await;
        let has_no_rule = async |world: &World| world.rules().await == ["giraffe"];
        self.until("its rule is gone", has_no_rule).await;
    }

    /// The values of X's rules.
    async fn rules(&self) -> Vec<String> {
        let request = self.http.get(format!("{}/2/tweets/search/stream/rules", self.stub));
        let rules: Value = request.bearer_auth("stub-token").send().await.unwrap().json().await.unwrap();
        let values = rules["data"].as_array().into_iter().flatten();
        values.map(|rule| rule["value"].as_str().unwrap().to_owned()).collect()
    }

    /// The gaps of the pause.
    async fn pauses(&self) -> Vec<Gap> {
        let mut gaps = self.gaps().await;
        gaps.retain(|gap| gap.cause.starts_with("the keyword's budget"));
        gaps
    }
}

#[test]
fn a_keyword_at_its_budget_is_not_read_until_the_next_day_and_others_are() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 2.0, ..Settings::seed(1) }).await;
        // What it missed before it was delivered is fetched; later, its budget might not allow it.
        world.settled().await;
        let most = world.zebra().await["today"]["posts"].as_u64().unwrap() + 40;
        assert_eq!(world.limit(json!(most)).await, 202);
        world.until_paused().await;
        world.settled().await;
        let (zebras, giraffes) =
            (world.stored("zebra").await.unwrap(), world.stored("giraffe").await.unwrap());
        assert!((most..=most + 5).contains(&(zebras.len() as u64)), "{} of {most}", zebras.len());
        let midnight = UtcTime::now().start_of_next_day();
        let status = world.zebra().await;
        let waiting = format!("its budget of {most} posts a day is used up; it goes on at {midnight}");
        assert_eq!(status["waiting"], waiting, "{status}");
        // Also after a crash: it stays paused, and no second gap says so.
        tokio::time::sleep(Duration::from_secs(60)).await;
        world.trouble(&Trouble::Crash).await;
        tokio::time::sleep(Duration::from_secs(90)).await;
        let gaps = world.settled().await;
        assert_eq!(world.stored("zebra").await.unwrap(), zebras);
        assert!(world.stored("giraffe").await.unwrap().len() > giraffes.len() + 20, "the other one is read");
        assert_eq!(world.rules().await, ["giraffe"]);
        let pauses = world.pauses().await;
        assert_eq!(pauses.len(), 1, "{gaps:#?}");
        assert_eq!((pauses[0].state, pauses[0].to), (GapState::Open, midnight));
        assert!(midnight.since(pauses[0].from) > Duration::from_secs(150), "{pauses:#?}");
        // The next day it is read again, and nothing is missed after midnight.
        world.control("rate", &json!({ "rate": 0.2 })).await;
        tokio::time::advance(midnight.since(UtcTime::now())).await;
        let goes_on = async |world: &World| world.stored("zebra").await.unwrap().len() > zebras.len();
        world.until("it goes on", goes_on).await;
        world.settled().await;
        let status = world.zebra().await;
        assert_eq!((&status["waiting"], &status["pausedUntil"]), (&Value::Null, &Value::Null), "{status}");
        assert_eq!(world.pauses().await, pauses);
    });
}

#[test]
fn a_budget_that_is_raised_lets_the_keyword_go_on_at_once_and_what_it_missed_is_fetched() {
    for raised in [json!(1_000), Value::Null] {
        virtually(async {
            let data = folder();
            let world = World::start(data.path(), Settings { rate: 2.0, ..Settings::seed(2) }).await;
            assert_eq!(world.limit(json!(30)).await, 202);
            world.until_paused().await;
            tokio::time::sleep(Duration::from_secs(120)).await;
            assert_eq!(world.limit(raised.clone()).await, 202);
            let goes_on = async |world: &World| world.zebra().await["pausedUntil"].is_null();
            world.until("it goes on", goes_on).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
            assert_eq!(world.pauses().await, []);
            let long = gaps.iter().filter(|gap| gap.to.since(gap.from) > Duration::from_secs(120));
            assert_eq!(long.map(|gap| gap.keyword.as_str()).collect::<Vec<_>>(), ["zebra"], "{gaps:#?}");
            world.money_is_right(&[]).await;
        });
    }
}

/// A page has ten posts at least, so of a smaller budget nothing is fetched.
#[test]
fn a_budget_of_one_post_is_kept_and_none_is_refused() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(3)).await;
        world.settled().await;
        assert_eq!(world.limit(json!(0)).await, 422);
        assert_eq!(world.limit(json!(-1)).await, 400);
        assert_eq!(world.limit(json!("many")).await, 400);
        assert_eq!(world.limit(json!(1)).await, 202);
        world.until_paused().await;
        let brought = world.zebra().await["today"]["posts"].as_u64().unwrap();
        // An interruption of the others is none of a keyword that is paused.
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 30 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        let gaps = world.settled().await;
        let recent = gaps.iter().filter(|gap| UtcTime::now().since(gap.to) < Duration::from_secs(130));
        let closed: Vec<_> = recent.filter(|gap| gap.state == GapState::Closed).collect();
        assert!(
            !closed.is_empty() && closed.iter().all(|gap| gap.keyword.as_str() == "giraffe"),
            "{gaps:#?}"
        );
        assert_eq!(world.zebra().await["today"]["posts"], brought);
    });
}
