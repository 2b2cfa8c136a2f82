//! What `GET /stream` reports while something fails, and what the streamer leaves behind.

use std::time::Duration;

use local::{Call, Fate, Machine, Options};
use serde_json::{Value, json};
use stream::gaps::GapState;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

impl World {
    async fn stream(&self) -> Value {
        self.get(&format!("{}/stream", self.api())).await
    }

    async fn within(&self, time: Duration, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + time;
        while !is_so(self).await {
            assert!(tokio::time::Instant::now() < end, "still waiting until {what}: {}", self.stream().await);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

fn time(value: &Value) -> UtcTime {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn figures_are_reported_within_seconds_of_a_start() {
    virtually(async {
        let data = folder();
        let mut world = World::empty(data.path(), Settings { rate: 20.0, ..Settings::seed(1) }).await;
        world.begin("zebra").await;
        let runs = async |world: &World| world.stream().await["state"] == "running";
        world.within(Duration::from_secs(30), "it runs", runs).await;
        let reported = async |world: &World| {
            let report = world.stream().await["report"].take();
            report["postsRead"].as_u64() > Some(0) && report["postsPerSecond"].as_f64() > Some(0.0)
        };
        world.within(Duration::from_secs(6), "figures are reported", reported).await;
    });
}

#[test]
fn while_nothing_is_read_each_keyword_shows_since_when_posts_are_missing() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        world.settled().await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 300 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        let broke = UtcTime::now();
        let reported = async |world: &World| {
            let stream = world.stream().await;
            let mut keywords = stream["keywords"].as_array().unwrap().iter();
            stream["state"] == "reconnecting" && keywords.all(|keyword| keyword["missingFrom"].is_string())
        };
        world.within(Duration::from_secs(5), "it is reported", reported).await;
        for keyword in world.stream().await["keywords"].as_array().unwrap() {
            let from = time(&keyword["missingFrom"]);
            assert!(from <= broke && broke.since(from) < Duration::from_secs(60), "{keyword} {broke}");
        }
        world.until("both interruptions are recorded", async |world| world.interruptions().await >= 2).await;
        let gaps = world.settled().await;
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
        let no_longer_missing = async |world: &World| {
            let stream = world.stream().await;
            stream["keywords"].as_array().unwrap().iter().all(|keyword| keyword["missingFrom"].is_null())
        };
        world.within(Duration::from_secs(2), "gaps record it instead", no_longer_missing).await;
    });
}

#[test]
fn an_interruption_is_on_record_from_its_first_second_and_after_a_crash() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings::seed(1)).await;
        world.settled().await;
        assert_eq!(world.stream().await["ongoing"], json!([]));
        let before = UtcTime::now();
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 3000 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        let shown = async |world: &World, cause: &str| {
            let listed = world.get(&format!("{}/stream/gaps", world.api())).await["ongoing"].take();
            let ongoing = world.stream().await["ongoing"].take();
            let missed = |keyword: &str, ongoing: &Value| {
                let (from, why) = (time(&ongoing["from"]), ongoing["cause"].as_str().unwrap());
                ongoing["keyword"] == keyword
                    && before.since(from) < Duration::from_secs(60)
                    && why.contains(cause)
            };
            listed == ongoing && missed("giraffe", &ongoing[0]) && missed("zebra", &ongoing[1])
        };
        let closed = async |world: &World| {
            world.stream().await["ongoing"] != json!([]) && shown(world, "the source").await
        };
        world.within(Duration::from_secs(2), "both keywords' interruption is shown", closed).await;
        let closing = world.get(&format!("{}/stream/gaps?state=closed", world.api())).await;
        assert_eq!(closing["ongoing"], json!([]));
        // Nobody reads any more, and no lease says that anybody does.
        let stream = local::Stream::Elsewhere {
            url: world.stub.clone(),
            token: "stub-token".to_owned(),
            backfill_minutes: 0,
        };
        world.machine = None;
        tokio::time::sleep(Duration::from_secs(120)).await;
        let options = Options { streamer_elsewhere: Some(0), ..Options::new(data.path(), stream) };
        world.machine = Some(Machine::start(options).await.unwrap());
        assert_eq!(world.stream().await["lease"], Value::Null);
        assert!(shown(&world, "the source").await, "{}", world.stream().await);
    });
}

#[test]
fn a_new_keywords_gap_never_ends_in_the_future() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings::seed(1)).await;
        world.begin("lion").await;
        for _ in 0..60 {
            let now = UtcTime::now();
            for gap in world.gaps().await {
                assert!(gap.to <= now, "{now} {gap:?}");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let gaps = world.settled().await;
        assert!(gaps.iter().any(|gap| gap.keyword.as_str() == "lion" && gap.state == GapState::Closed));
    });
}

#[test]
fn gaps_that_wait_at_a_stop_are_abandoned_and_raise_no_alarm() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        world.fault(&json!({ "fault": "search-status", "status": 503, "seconds": 100_000 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        let healing = async |world: &World| {
            world.gaps().await.iter().filter(|gap| gap.state == GapState::Healing).count() >= 2
        };
        world.until("gaps wait to be healed", healing).await;
        let url = format!("{}/stream", world.api());
        assert_eq!(world.http.delete(url).send().await.unwrap().status(), 202);
        let abandoned =
            async |world: &World| world.gaps().await.iter().all(|gap| gap.state == GapState::Abandoned);
        world.within(Duration::from_secs(150), "they are abandoned", abandoned).await;
        let counts = world.stream().await["gapCounts"].take();
        assert_eq!((&counts["open"], &counts["healing"]), (&json!(0), &json!(0)), "{counts}");
        assert!(counts["abandoned"].as_u64() >= Some(2), "{counts}");
    });
}

#[test]
fn lag_counts_until_a_post_can_be_found() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings { rate: 5.0, ..Settings::seed(1) }).await;
        let lag = async |world: &World| world.stream().await["report"]["lagMs"].as_i64();
        world
            .within(Duration::from_secs(60), "it is small", async |world| lag(world).await < Some(10_000))
            .await;
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(|call| match (call.caller.as_str(), call.operation.as_str()) {
            ("consumer", "TransactWriteItems") => Fate::FailsBefore,
            _ => Fate::Answered,
        });
        // The consumer says at most once a minute when it last stored.
        tokio::time::sleep(Duration::from_secs(120)).await;
        let stuck = lag(&world).await;
        assert!(stuck > Some(40_000), "lag must include the time on the queue: {stuck:?}");
        faults.end();
        world.until("it is small again", async |world| lag(world).await < Some(10_000)).await;
    });
}

#[test]
fn a_streamer_that_cannot_start_releases_its_lease() {
    virtually(async {
        let data = folder();
        let mut world = World::empty(data.path(), Settings::seed(1)).await;
        let of_reading = |call: &Call| {
            call.caller == "streamer"
                && call.operation == "GetItem"
                && call.request["Key"]["item"]["S"] == "reading"
        };
        world
            .machine
            .as_ref()
            .unwrap()
            .faults
            .judge(move |call| if of_reading(call) { Fate::FailsBefore } else { Fate::Answered });
        world.begin("zebra").await;
        let failed = async |world: &World| world.status().launch().await.unwrap().failures > 0;
        world.within(Duration::from_secs(60), "it has failed", failed).await;
        assert_eq!(world.status().lease_holder().await.unwrap(), None, "the lease was not released");
        world.machine.as_ref().unwrap().faults.end();
        let runs = async |world: &World| world.stream().await["state"] == "running";
        world.within(Duration::from_secs(60), "it runs", runs).await;
    });
}

#[test]
fn all_documented_connections_are_used_and_a_wait_for_more_is_reported() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        let connections = async |world: &World| {
            world.get(&format!("{}/control/posts", world.stub)).await["connections"].as_u64().unwrap()
        };
        let waits = async |world: &World| {
            let stream = world.stream().await;
            stream["reason"]
                .as_str()
                .is_some_and(|reason| reason.starts_with("the source allows no more connections"))
        };
        let end = tokio::time::Instant::now() + Duration::from_secs(14 * 60);
        while !waits(&world).await {
            assert!(tokio::time::Instant::now() < end, "{} connections", connections(&world).await);
            world.fault(&json!({ "fault": "close" })).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        assert_eq!(connections(&world).await, 45);
        // Overlapping gaps are merged, so 44 interruptions of two keywords leave few records.
        let gaps = world.settled().await;
        assert!(gaps.len() < 30, "{} records", gaps.len());
    });
}

#[test]
fn healing_never_exceeds_the_days_budget() {
    virtually(async {
        let data = folder();
        let settings = Settings { daily_post_budget: Some(300), rate: 10.0, ..Settings::seed(1) };
        let world = World::start(data.path(), settings).await;
        // Posts are written, and none is read.
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 40 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        let is_paused = async |world: &World| world.stream().await["state"] == "paused";
        world.until("the budget is used up", is_paused).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        let posts = world.stream().await["today"]["posts"].as_u64().unwrap();
        // A few may be on the wire when the stream is closed.
        assert!((250..=303).contains(&posts), "{posts} posts of 300");
        let gaps = world.gaps().await;
        let reason = "the day's budget of posts is used up";
        assert!(gaps.iter().any(|gap| gap.posts > 0 || gap.reason.as_deref() == Some(reason)), "{gaps:#?}");
    });
}

#[test]
fn a_budget_that_is_raised_ends_the_pause_and_its_gaps_are_healed() {
    virtually(async {
        let data = folder();
        let settings = Settings { daily_post_budget: Some(50), rate: 2.0, ..Settings::seed(1) };
        let mut world = World::start(data.path(), settings).await;
        let open = async |world: &World| {
            let gaps = world.gaps().await;
            gaps.iter().filter(|gap| gap.state == GapState::Open).count() == 2
        };
        world.until("the pause of both keywords is recorded", open).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        world.machine = None;
        world.set_daily_post_budget(100_000);
        world.boot().await;
        let runs = async |world: &World| world.stream().await["state"] == "running";
        world.until("it reads again", runs).await;
        let gaps = world.settled().await;
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
        let reading = world.status().reading().await.unwrap();
        assert!(reading.paused_until.is_empty(), "a later streamer would not heal the pause: {reading:?}");
    });
}
