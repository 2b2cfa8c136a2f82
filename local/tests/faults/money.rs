//! What the meter has counted is what X charges for.

use std::time::Duration;

use serde_json::json;

use crate::misbehaviour::Trouble;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// How long ago the meter was saved, at most, while AWS answers: every two seconds, and what a request takes.
pub(crate) const SAVED_WITHIN: Duration = Duration::from_millis(2_500);

/// From an outage of this length on, the lease may be lost, which is 40 s and renewed every ten.
pub(crate) const LEASE_LOST_AFTER: Duration = Duration::from_secs(25);

impl World {
    /// How many posts the stub has charged for, and how many the meter has counted.
    async fn charged_and_metered(&self) -> (u64, u64) {
        let usage = self.get(&format!("{}/control/usage", self.stub)).await;
        let charged = usage["days"].as_array().unwrap().iter().map(|day| day["posts"].as_u64().unwrap());
        let reading = self.status().reading().await.unwrap();
        (charged.sum(), reading.metered.posts_by_day.values().sum())
    }

    /// Ends posting, and compares what the meter has counted with what the stub has charged for: they are equal, except for what was read in
    /// these times before a meter was lost.
    pub(crate) async fn money_is_right(&self, forgotten: &[Duration]) {
        self.control("rate", &json!({ "rate": 0 })).await;
        let most =
            forgotten.iter().map(|time| (time.as_secs_f64() * self.settings.rate).ceil() as u64).sum::<u64>();
        let is_right = |(charged, metered): (u64, u64)| metered <= charged && charged <= metered + most;
        let mut waits = 0;
        while !is_right(self.charged_and_metered().await) {
            let counted = self.charged_and_metered().await;
            assert!(waits < 10, "(charged, metered) are {counted:?}, of which {most} may be forgotten");
            waits += 1;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

#[test]
fn a_crash_forgets_at_most_what_was_read_in_two_seconds() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 20.0, ..Settings::seed(1) }).await;
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_secs(33)).await;
            world.trouble(&Trouble::Crash).await;
        }
        world.settled().await;
        world.money_is_right(&[SAVED_WITHIN; 6]).await;
    });
}

/// What healing had fetched of a long gap is not paid for, nor counted, twice.
#[test]
fn a_crash_while_a_gap_is_healed_counts_no_post_twice() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings { rate: 20.0, ..Settings::seed(2) }).await;
        world.settled().await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 120 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        world
            .until("the interruption of both keywords is recorded", async |world| {
                world.interruptions().await >= 2
            })
            .await;
        let mut crashes = Vec::new();
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_secs(7)).await;
            world.trouble(&Trouble::Crash).await;
            crashes.push(SAVED_WITHIN);
        }
        world.settled().await;
        world.money_is_right(&crashes).await;
    });
}

#[test]
fn users_are_counted_once_a_day_and_what_x_charges_for_them_is_shown() {
    for charged_for_users in [false, true] {
        virtually(async {
            let data = folder();
            let settings = Settings { rate: 5.0, charged_for_users, ..Settings::seed(3) };
            let world = World::start(data.path(), settings).await;
            world.fault(&json!({ "fault": "status", "status": 503, "seconds": 60 })).await;
            world.fault(&json!({ "fault": "close" })).await;
            tokio::time::sleep(Duration::from_secs(100)).await;
            world.settled().await;
            world.money_is_right(&[]).await;
            // The next report has the last of it.
            tokio::time::sleep(Duration::from_secs(12)).await;
            let usage = world.get(&format!("{}/control/usage", world.stub)).await["cycle"].take();
            let today = world.get(&format!("{}/stream", world.api())).await["today"].take();
            assert!(usage["users"].as_u64() > Some(0), "{usage}");
            assert_eq!(today["users"], usage["users"]);
            let dollars = usage["microDollars"].as_f64().unwrap() / 1e6;
            assert!((today["dollars"].as_f64().unwrap() - dollars).abs() < 0.0051, "{today} {usage}");
            assert_eq!(today["usersDollars"].is_null(), charged_for_users);
        });
    }
}

#[test]
fn what_estimates_cost_is_part_of_what_is_shown() {
    virtually(async {
        let data = folder();
        let world = World::empty(data.path(), Settings { rate: 0.0, ..Settings::seed(4) }).await;
        let long_ago = utc_time::UtcTime::now().before(Duration::from_secs(40 * 24 * 3600));
        for since in [String::new(), String::new(), format!("&since={long_ago}")] {
            world.get(&format!("{}/stream/estimate?keyword=zebra{since}", world.api())).await;
        }
        let usage = world.get(&format!("{}/control/usage", world.stub)).await["cycle"].take();
        let stream = world.get(&format!("{}/stream", world.api())).await;
        // Two of $0.005, and two months of $0.010 each.
        assert_eq!(
            (&usage["countsRequests"], &usage["microDollars"]),
            (&json!(4), &json!(30_000)),
            "{usage}"
        );
        for period in ["today", "thisMonth"] {
            assert_eq!(
                (&stream[period]["counts"], &stream[period]["dollars"]),
                (&json!(4), &json!(0.03)),
                "{stream}"
            );
        }
    });
}

#[test]
fn each_keyword_shows_what_it_has_brought_today() {
    virtually(async {
        let data = folder();
        let world = World::start(data.path(), Settings { rate: 5.0, ..Settings::seed(5) }).await;
        world.fault(&json!({ "fault": "status", "status": 503, "seconds": 30 })).await;
        world.fault(&json!({ "fault": "close" })).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        world.settled().await;
        world.money_is_right(&[]).await;
        // It is saved once a minute.
        tokio::time::sleep(Duration::from_secs(65)).await;
        let stream = world.get(&format!("{}/stream", world.api())).await;
        let (mut posts, price) = (0, 0.005);
        for keyword in stream["keywords"].as_array().unwrap() {
            let stored = world.stored(keyword["keyword"].as_str().unwrap()).await.unwrap().len() as u64;
            let (brought, dollars) = (&keyword["today"]["posts"], &keyword["today"]["dollars"]);
            assert_eq!(brought, stored, "{keyword}");
            assert!((dollars.as_f64().unwrap() - stored as f64 * price).abs() < 0.0051, "{keyword}");
            posts += stored;
        }
        assert!(
            posts >= stream["today"]["posts"].as_u64().unwrap(),
            "a post of both counts for both: {stream}"
        );
    });
}
