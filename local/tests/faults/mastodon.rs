//! Mastodon's streams: posts are stored once, edits and removals are applied, and gaps are healed from timelines.

use std::collections::BTreeMap;
use std::time::Duration;

use local::{Machine, Options, Stream};
use serde_json::{Value, json};
use stream::gaps::{Gap, GapState, HealedBy};
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::all_gaps;

const KEYWORDS: [&str; 2] = ["#zebra", "#lion"];

/// How long the machine may take to store everything and heal its gaps (virtual).
const PATIENCE: Duration = Duration::from_secs(30 * 60);

struct World {
    stub: stub::Spawned,
    http: reqwest::Client,
    machine: Machine,
    started: UtcTime,
    honours_opt_out: bool,
    _data: tempfile::TempDir,
}

impl World {
    async fn start(seed: u64) -> Self {
        Self::start_with(seed, true).await
    }

    async fn start_with(seed: u64, honour_opt_out: bool) -> Self {
        service::aws::install_tls();
        let keep_alive = Duration::from_secs(15);
        let generated = stub::Source::Generator { seed };
        let stub = stub::Options { rate: 1.0, keep_alive, ..stub::Options::new(generated) };
        let stub = stub::spawn(stub).await.unwrap();
        let data = folder();
        let started = UtcTime::now();
        let machine = Machine::start(Options {
            keywords: KEYWORDS.map(|keyword| keyword.parse().unwrap()).to_vec(),
            honour_opt_out,
            ..Options::new(data.path(), Stream::Mastodon { url: stub.url.clone() })
        });
        let machine = machine.await.unwrap();
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        tokio::time::sleep(Duration::from_secs(20)).await;
        Self { stub, http, machine, started, honours_opt_out: honour_opt_out, _data: data }
    }

    async fn get(&self, url: &str) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn control(&self, what: &str, body: &Value) {
        let request = self.http.post(format!("{}/control/{what}", self.stub.url)).json(body);
        assert_eq!(request.send().await.unwrap().status(), 202, "{body}");
    }

    async fn statuses(&self) -> Vec<Value> {
        self.get(&format!("{}/control/statuses", self.stub.url)).await["statuses"].as_array().unwrap().clone()
    }

    async fn gaps(&self) -> Vec<Gap> {
        all_gaps(&self.machine.aws.status_table("x")).await
    }

    /// The stored texts of a keyword by id, and whether the counts equal their number.
    async fn stored(&self, keyword: &str) -> (BTreeMap<String, String>, bool) {
        let api = format!("http://{}", self.machine.api);
        let keyword = keyword.replace('#', "%23");
        let mut texts = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{api}/tweets?keyword={keyword}&limit=100{cursor}")).await;
            for tweet in page["tweets"].as_array().unwrap() {
                let text = |field: &str| tweet[field].as_str().unwrap().to_owned();
                assert!(texts.insert(text("tweetId"), text("text")).is_none(), "stored twice: {tweet}");
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let counted = self.get(&format!("{api}/tweetsStatistics?keyword={keyword}")).await;
        let equal = counted["total"].as_u64().unwrap() == texts.len() as u64;
        (texts, equal)
    }

    /// The differences from the stub in posts written up to `until`.
    async fn wrong(&self, until: UtcTime) -> Vec<String> {
        let statuses = self.statuses().await;
        let mut wrong = Vec::new();
        for keyword in KEYWORDS {
            let (stored, equal) = self.stored(keyword).await;
            if !equal {
                wrong.push(format!("{keyword}: counts differ from posts"));
            }
            for status in &statuses {
                let at: UtcTime = status["at"].as_str().unwrap().parse().unwrap();
                let tags = status["tags"].as_array().unwrap();
                if at < self.started || at > until || !tags.iter().any(|tag| tag == &keyword[1..]) {
                    continue;
                }
                let text = stored.get(&format!("127.0.0.1:{}", status["id"].as_str().unwrap()));
                let is_left_out = self.honours_opt_out && status["optedOut"] == true;
                let matches = match (status["removed"] == true || is_left_out, status["text"].as_str()) {
                    (true, _) => text.is_none(),
                    (false, None) => text.is_some(),
                    (false, Some(changed)) => text.is_some_and(|text| text == changed),
                };
                if !matches {
                    wrong.push(format!("{keyword}: {status}"));
                }
            }
        }
        wrong
    }

    async fn settled(&self) -> Vec<Gap> {
        let until = UtcTime::now();
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (wrong, gaps) = (self.wrong(until).await, self.gaps().await);
            if wrong.is_empty() && gaps.iter().all(|gap| gap.state != GapState::Healing) {
                return gaps;
            }
            assert!(tokio::time::Instant::now() < end, "{wrong:#?} {gaps:#?}");
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }

    /// One author edits a stored post, another removes one.
    async fn correct(&self) {
        let statuses = self.statuses().await;
        let of = |tag: &str| {
            let mut known = statuses.iter().filter(|status| {
                let is_there = status["removed"] == false && status["optedOut"] == false;
                is_there && status["delivered"] != 0 && status["tags"][0] == tag
            });
            known.next().unwrap()["id"].as_str().unwrap().parse::<u64>().unwrap()
        };
        self.control("correct", &json!({ "id": of("lion"), "text": "changed & <b>not</b> bold #lion" }))
            .await;
        self.control("correct", &json!({ "id": of("zebra") })).await;
    }
}

#[test]
fn posts_edits_and_removals_are_stored() {
    virtually(async {
        let world = World::start(1).await;
        world.correct().await;
        let gaps = world.settled().await;
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
        let statistics = format!("http://{}/tweetsStatistics?keyword=%23zebra", world.machine.api);
        assert!(world.get(&statistics).await["total"].as_u64().unwrap() > 3);
    });
}

#[test]
fn posts_of_authors_who_opted_out_are_left_out_and_counted_unless_all_are_wanted() {
    for honours in [true, false] {
        virtually(async {
            let world = World::start_with(2, honours).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            world.control("rate", &json!({ "rate": 0.0 })).await;
            world.settled().await;
            let statuses = world.statuses().await;
            let opted_out =
                statuses.iter().filter(|status| status["optedOut"] == true && status["delivered"] != 0);
            let opted_out = opted_out.count() as u64;
            assert!(
                opted_out > 3 && opted_out < statuses.len() as u64 / 2,
                "{opted_out} of {}",
                statuses.len()
            );
            tokio::time::sleep(Duration::from_secs(15)).await;
            let stream = world.get(&format!("http://{}/stream", world.machine.api)).await;
            let told = stream["report"]["optedOut"].as_u64().unwrap_or(0);
            // A post for a hashtag of its own connection counts there, and those that were fetched too.
            assert!(if honours { told >= opted_out } else { told == 0 }, "{told} of {opted_out}");
        });
    }
}

#[test]
fn posts_that_a_broken_stream_missed_are_fetched_from_timelines() {
    let faults = [
        json!({ "fault": "close" }),
        json!({ "fault": "silence" }),
        json!({ "fault": "cut-mid-line" }),
        json!({ "fault": "cut-mid-character" }),
        json!({ "fault": "garbage" }),
        json!({ "fault": "huge-line" }),
        json!({ "fault": "duplicates", "count": 4 }),
        json!({ "fault": "disorder", "count": 4 }),
        json!({ "fault": "dribble", "count": 4 }),
        json!({ "fault": "search-status", "status": 503, "seconds": 60 }),
        json!({ "fault": "status", "status": 429, "seconds": 60 }),
    ];
    for (seed, fault) in (0..).zip(faults) {
        virtually(async {
            let world = World::start(seed).await;
            world.control("faults", &fault).await;
            tokio::time::sleep(Duration::from_secs(30)).await;
            // In this order, since the streamer reconnects immediately.
            world.control("faults", &json!({ "fault": "status", "status": 503, "seconds": 30 })).await;
            world.control("faults", &json!({ "fault": "close" })).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            let gaps = world.settled().await;
            let healed = gaps.iter().filter(|gap| gap.healed_by == Some(HealedBy::Timeline) && gap.posts > 0);
            assert!(healed.count() >= 2, "{fault}: {gaps:#?}");
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{fault}: {gaps:#?}");
        });
    }
}

#[test]
fn when_all_connections_end_for_good_the_streamer_ends_with_the_reason() {
    virtually(async {
        let world = World::start(1).await;
        world.control("faults", &json!({ "fault": "status", "status": 403, "seconds": 600 })).await;
        world.control("faults", &json!({ "fault": "close" })).await;
        let api = format!("http://{}/stream", world.machine.api);
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let stream = world.get(&api).await;
            if stream["state"] == "failed" {
                assert!(stream["reason"].as_str().unwrap().contains("403"), "{stream}");
                return;
            }
            assert!(tokio::time::Instant::now() < end, "the failure is not reported: {stream}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}
