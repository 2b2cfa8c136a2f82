//! What goes wrong.

use std::time::Duration;

use local::Fate;
use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::money::{LEASE_LOST_AFTER, SAVED_WITHIN};
use crate::world::{THIRD, World};

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// A fault of the stub.
    Stream(Value),
    /// The machine is killed and started again.
    Crash,
    /// AWS cannot be reached for a while.
    Outage(Duration),
    /// A user stops the third keyword, or starts it.
    Toggle,
    /// A user stops the third keyword, or starts it with the posts since the beginning.
    ToggleWithHistory,
    /// An author deletes one of the last posts, or edits it: the number chooses which.
    TakenBack(usize),
    Edited(usize),
    /// X wants to be paid, for hours.
    Unpaid(Duration),
    /// As many posts have been read as X allows in a month, until somebody raises the cap an hour later.
    Capped,
}

impl Trouble {
    /// How long before it the meter may have been saved last, if it forgets what was read since.
    pub(super) fn forgets(&self) -> Option<Duration> {
        match self {
            // Hours that pass in one step end the lease.
            Self::Crash | Self::Unpaid(_) | Self::Capped => Some(SAVED_WITHIN),
            // The lease is lost too, and with it what could not be saved.
            Self::Outage(time) if *time >= LEASE_LOST_AFTER => Some(SAVED_WITHIN + *time),
            _ => None,
        }
    }

    /// Whether the slot may be taken when the streamer connects after it.
    pub(super) fn may_hold_the_slot(&self) -> bool {
        match self {
            Self::Stream(fault) => fault["fault"] == "half-open",
            Self::Crash | Self::Unpaid(_) | Self::Capped => true,
            Self::Outage(time) => *time >= LEASE_LOST_AFTER,
            _ => false,
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
            Trouble::Toggle | Trouble::ToggleWithHistory if self.requested.remove(THIRD).is_some() => {
                let url = format!("{}/stream?keyword={THIRD}", self.api());
                assert_eq!(self.http.delete(url).send().await.unwrap().status(), 202);
            }
            Trouble::Toggle => self.begin(THIRD).await,
            Trouble::ToggleWithHistory => {
                let since = self.requested.values().min().copied().unwrap_or_else(UtcTime::now);
                self.begin_with(THIRD, &json!({ "keyword": THIRD, "since": since }), THIRD).await;
                self.requested.insert(THIRD, since);
            }
            Trouble::TakenBack(choice) => self.take_down(*choice, json!({ "reason": "deleted" })).await,
            Trouble::Edited(choice) => {
                self.take_down(*choice, json!({ "edit": format!("zebra and giraffe and {THIRD}") })).await;
            }
            Trouble::Unpaid(time) => {
                let fault = json!({ "fault": "status", "status": 402, "seconds": time.as_secs() });
                self.fault(&fault).await;
                self.fault(&json!({ "fault": "close" })).await;
                self.until("reading pauses", async |world| world.waits_for("credits").await).await;
                // In one step; in small ones it would take minutes.
                tokio::time::advance(*time).await;
            }
            Trouble::Capped => {
                self.control("monthly-cap", &json!({ "posts": 1 })).await;
                self.until("reading pauses", async |world| world.waits_for("monthlyCap").await).await;
                self.control("monthly-cap", &json!({ "posts": 3_000_000 })).await;
                // In one step; in small ones it would take minutes.
                tokio::time::advance(Duration::from_secs(3700)).await;
            }
        }
    }

    /// Whether the stream is paused and waits for this.
    pub(super) async fn waits_for(&self, what: &str) -> bool {
        let stream = self.get(&format!("{}/stream", self.api())).await;
        stream["state"] == "paused" && stream["report"]["waitingFor"] == what
    }

    /// Something befalls one of the last posts, if there are any that are not gone yet.
    async fn take_down(&self, choice: usize, mut takedown: Value) {
        const LAST: usize = 10;
        let posted = self.get(&format!("{}/control/posts", self.stub)).await;
        let posts = posted["posts"].as_array().unwrap();
        let Some(post) = posts.iter().rev().nth(choice % LAST) else { return };
        takedown["id"] = post["id"].clone();
        let url = format!("{}/control/takedowns", self.stub);
        let status = self.http.post(url).json(&takedown).send().await.unwrap().status();
        assert!(status == 202 || status == 404, "{takedown}: {status}");
    }
}

/// Every fault of the stub after which gaps can be healed, with these parameters.
pub(super) fn faults(count: u64, seconds: u64) -> Vec<Value> {
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
    faults.push(json!({ "fault": "rules-status", "status": 503, "seconds": seconds }));
    faults.push(json!({ "fault": "archive-refused", "seconds": seconds }));
    faults
}

/// A random one.
pub(super) fn any(random: &mut fastrand::Rng) -> Trouble {
    let faults = faults(random.u64(1..6), random.u64(1..60));
    match random.usize(0..faults.len() + 10) {
        0 | 1 => Trouble::Crash,
        2 => Trouble::Outage(Duration::from_secs(random.u64(1..60))),
        3 | 4 => Trouble::Toggle,
        5 => Trouble::ToggleWithHistory,
        6 => Trouble::Unpaid(Duration::from_secs(3600 * random.u64(1..5))),
        7 => Trouble::Capped,
        8 => Trouble::TakenBack(random.usize(..)),
        9 => Trouble::Edited(random.usize(..)),
        index => Trouble::Stream(faults[index - 10].clone()),
    }
}
