//! Whatever the stream does, every post that could be fetched is stored once, and every other is in an open gap.

use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use stream::gaps::{Gap, GapState, Unfetchable};
use utc_time::UtcTime;

use crate::money::{LEASE_LOST_AFTER, SAVED_WITHIN};
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, THIRD, World};

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// A fault of the stub.
    Stream(Value),
    /// The machine is killed and started again.
    Crash,
    /// AWS cannot be reached for a while.
    Outage(Duration),
    /// A user starts or stops the third keyword.
    Toggle,
}

impl Trouble {
    /// How long before it the meter may have been saved last, if it forgets what was read since.
    fn forgets(&self) -> Option<Duration> {
        match self {
            Self::Crash => Some(SAVED_WITHIN),
            // The lease is lost too, and with it what could not be saved.
            Self::Outage(time) if *time >= LEASE_LOST_AFTER => Some(SAVED_WITHIN + *time),
            _ => None,
        }
    }
}

impl World {
    pub(crate) async fn trouble(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::Stream(fault) => self.fault(fault).await,
            Trouble::Crash => {
                self.machine = None;
                // A process takes a while to be started again.
                tokio::time::sleep(Duration::from_secs(2)).await;
                self.boot().await;
            }
            Trouble::Outage(time) => {
                let faults = self.machine.as_ref().unwrap().faults.clone();
                faults.judge(|_| Fate::FailsBefore);
                tokio::time::sleep(*time).await;
                faults.end();
            }
            Trouble::Toggle if self.requested.remove(THIRD).is_some() => {
                let url = format!("{}/stream?keyword={THIRD}", self.api());
                assert_eq!(self.http.delete(url).send().await.unwrap().status(), 202);
            }
            Trouble::Toggle => self.begin(THIRD).await,
        }
    }
}

/// Every fault of the stub after which gaps can be healed, with these parameters.
fn faults(count: u64, seconds: u64) -> Vec<Value> {
    let plain = [
        "cut-mid-line",
        "cut-mid-character",
        "silence",
        "operational-disconnect",
        "close",
        "garbage",
        "huge-line",
        "unknown-message",
    ];
    let mut faults: Vec<Value> = plain.iter().map(|fault| json!({ "fault": fault })).collect();
    for fault in ["duplicates", "disorder", "dribble"] {
        faults.push(json!({ "fault": fault, "count": count }));
    }
    for dialect in ["tweets", "posts", "both", "crossed"] {
        faults.push(json!({ "fault": "dialect", "dialect": dialect }));
    }
    for status in [402, 429, 500, 503] {
        faults.push(json!({ "fault": "status", "status": status, "seconds": seconds }));
        faults.push(json!({ "fault": "search-status", "status": status, "seconds": seconds * 2 }));
    }
    faults.push(json!({ "fault": "half-open", "seconds": seconds }));
    faults.push(json!({ "fault": "connections-status", "status": 503, "seconds": seconds }));
    faults.push(json!({ "fault": "rules-status", "status": 429, "seconds": seconds }));
    faults
}

fn trouble(random: &mut fastrand::Rng) -> Trouble {
    let faults = faults(random.u64(1..6), random.u64(1..60));
    match random.usize(0..faults.len() + 5) {
        0 | 1 => Trouble::Crash,
        2 => Trouble::Outage(Duration::from_secs(random.u64(1..60))),
        3 | 4 => Trouble::Toggle,
        index => Trouble::Stream(faults[index - 5].clone()),
    }
}

/// Plays a random sequence of troubles, which is the same for the same seed.
async fn sequence(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let data = folder();
    let mut world = World::start(data.path(), Settings::seed(seed)).await;
    let mut done = Vec::new();
    for _ in 0..random.usize(1..8) {
        let trouble = trouble(&mut random);
        world.trouble(&trouble).await;
        done.push(trouble);
        tokio::time::sleep(Duration::from_millis(random.u64(0..40_000))).await;
    }
    let forgotten: Vec<Duration> = done.iter().filter_map(Trouble::forgets).collect();
    for gap in world.settled().await {
        let stopped = gap.keyword.as_str() == THIRD && gap.state == GapState::Abandoned;
        assert!(
            gap.state == GapState::Closed || stopped,
            "seed {seed}: a gap stays open after {done:?}: {gap:#?}"
        );
    }
    world.money_is_right(&forgotten).await;
}

fn sequences(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| virtually(sequence(seed)));
        assert!(outcome.is_ok(), "seed {seed} failed; the panic is above");
    }
}

#[test]
fn a_sample_of_random_sequences_loses_nothing() {
    sequences(520..532);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays 520 sequences"]
fn random_sequences_lose_nothing_1() {
    sequences(0..130);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays 520 sequences"]
fn random_sequences_lose_nothing_2() {
    sequences(130..260);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays 520 sequences"]
fn random_sequences_lose_nothing_3() {
    sequences(260..390);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays 520 sequences"]
fn random_sequences_lose_nothing_4() {
    sequences(390..520);
}

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
fn after_a_crash_the_live_stream_is_read_again_within_ten_seconds() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 50.0, ..Settings::seed(1) }).await;
        for _ in 0..3 {
            world.settled().await;
            world.fault(&json!({ "fault": "half-open", "seconds": 900 })).await;
            let before = world.get(&format!("{}/control/posts", world.stub)).await;
            world.trouble(&Trouble::Crash).await;
            let started = tokio::time::Instant::now();
            let connected = async |world: &World| {
                let now = world.get(&format!("{}/control/posts", world.stub)).await;
                now["connections"] != before["connections"]
            };
            while !connected(&world).await {
                assert!(started.elapsed() < Duration::from_secs(10), "nobody reads");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let after = world.get(&format!("{}/control/posts", world.stub)).await;
            let earned = after["slotRefusals"].as_u64().unwrap() - before["slotRefusals"].as_u64().unwrap();
            assert_eq!(earned, 1);
            assert_eq!(after["refusals"], 0);
        }
        world.settled().await;
    });
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
fn each_dialect_of_search_heals_a_gap_and_the_next_reader_knows_which() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings::seed(1)).await;
        for dialect in ["tweets", "posts", "crossed", "both"] {
            world.settled().await;
            let before = world.interruptions().await;
            world.fault(&json!({ "fault": "dialect", "dialect": dialect })).await;
            world.fault(&json!({ "fault": "status", "status": 503, "seconds": 30 })).await;
            world.fault(&json!({ "fault": "close" })).await;
            let both = async |world: &World| world.interruptions().await >= before + 2;
            world.until("both interruptions are recorded", both).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{dialect}: {gaps:#?}");
            world.trouble(&Trouble::Crash).await;
        }
        let learnt = world.status().reading().await.unwrap().learnt;
        assert!(["tweets", "posts"].contains(&learnt["searchDialect"].as_str()), "{learnt:?}");
    });
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
fn a_stream_that_keeps_dropping_is_not_connected_to_too_often() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings::seed(1)).await;
        for _ in 0..20 * 60 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.fault(&json!({ "fault": "close" })).await;
        }
        let connections = world.get(&format!("{}/control/posts", world.stub)).await["connections"].clone();
        let connections = connections.as_u64().unwrap();
        assert!((20..=100).contains(&connections), "{connections} in 20 minutes");
        world.settled().await;
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

#[test]
fn backfill_heals_gaps_if_the_account_has_it() {
    virtually(async {
        let data = folder();
        let settings = Settings { backfill: true, ..Settings::seed(1) };
        let world = World::start(data.path(), settings).await;
        world.settled().await;
        world.fault(&json!({ "fault": "search-status", "status": 403, "seconds": 3600 })).await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 60 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        world.until("both interruptions are recorded", async |world| world.interruptions().await >= 2).await;
        let gaps = world.settled().await;
        let healed = gaps.iter().filter(|gap| gap.healed_by == Some(stream::gaps::HealedBy::Backfill));
        assert_eq!(healed.count(), 2, "{gaps:#?}");
        assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{gaps:#?}");
    });
}

#[test]
fn while_the_queue_fails_reading_stops_at_the_buffers_limit_and_later_posts_are_fetched() {
    virtually(async {
        let data = folder();
        let settings = Settings { rate: 700.0, ..Settings::seed(1) };
        let world = World::start(data.path(), settings).await;
        // Only the queue fails: without the tables, the lease would soon be lost.
        let faults = world.machine.as_ref().unwrap().faults.clone();
        faults.judge(|call| match call.operation.as_str() {
            "SendMessageBatch" => Fate::FailsBefore,
            _ => Fate::Answered,
        });
        let full = "the queue took posts too slowly, and the buffer was full";
        let is_paused = async |world: &World| {
            let stream = world.get(&format!("{}/stream", world.api())).await;
            stream["state"] == "paused" && stream["reason"] == full
        };
        world.until("reading stops", is_paused).await;
        // The stub stores a limited number of posts.
        world.control("rate", &json!({ "rate": 1 })).await;
        let read = async |world: &World| {
            let report = world.get(&format!("{}/stream", world.api())).await["report"].take();
            report["postsRead"].as_u64().unwrap()
        };
        let before = read(&world).await;
        assert!((10_000..20_000).contains(&before), "{before} posts were read into a buffer of 10,000");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(read(&world).await, before, "reading has stopped");
        faults.end();
        let gaps = world.settled().await;
        assert!(gaps.iter().any(|gap| gap.cause == full && gap.posts > 0), "{gaps:#?}");
    });
}
