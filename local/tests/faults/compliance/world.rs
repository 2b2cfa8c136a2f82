//! A world in which posts have been collected, and nothing more is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use stream::compliance::FinishedCheck;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::world::{Settings, World};

/// How long a check may take, failures included (virtual).
const PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

pub(super) const KEYWORDS: [&str; 2] = ["zebra", "giraffe"];

/// A world in which some posts have been collected, and whose stream is stopped.
pub(super) async fn collected(data: &Path, seed: u64) -> World {
    let world = World::start(data, Settings { rate: 5.0, ..Settings::seed(seed) }).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    world.control("rate", &json!({ "rate": 0.0 })).await;
    world.settled().await;
    let stop = world.http.delete(format!("{}/stream", world.api())).send().await.unwrap();
    assert_eq!(stop.status(), 202);
    world.until("the streamer has ended", async |world| world.stream_shown().await["lease"].is_null()).await;
    world
}

impl World {
    pub(super) async fn stream_shown(&self) -> Value {
        self.get(&format!("{}/stream", self.api())).await
    }

    /// Takes a post back at X; returns the ids of all that is gone with it.
    pub(super) async fn take_back(&self, id: &str, reason: &str) -> BTreeSet<String> {
        let url = format!("{}/control/takedowns", self.stub);
        let answer = self.http.post(url).json(&json!({ "id": id, "reason": reason })).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        answer["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// The exported posts of a keyword, in every version, by id.
    pub(super) async fn exported(&self, keyword: &str) -> BTreeMap<String, Value> {
        let url = format!("{}/tweets?keyword={keyword}&versions=all&format=jsonl", self.api());
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let posts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        posts.map(|post| (post["tweetId"].as_str().unwrap().to_owned(), post)).collect()
    }

    /// Every post, under whichever keyword, by id.
    pub(super) async fn all_exported(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for keyword in KEYWORDS {
            all.extend(self.exported(keyword).await);
        }
        all
    }

    /// Asserts that the counts by country equal the stored posts, for each keyword.
    pub(super) async fn assert_counts_equal_posts(&self) {
        for keyword in KEYWORDS {
            let mut posts: BTreeMap<String, u64> = BTreeMap::new();
            for post in self.exported(keyword).await.values() {
                *posts.entry(post["country"].as_str().unwrap_or("unknown").to_owned()).or_default() += 1;
            }
            let counted = self.get(&format!("{}/tweetsStatistics?keyword={keyword}", self.api())).await;
            let rows = counted["statistics"].as_array().unwrap().iter();
            let mut counts = BTreeMap::new();
            for row in rows {
                let number = |name: &str| row[name].as_u64().unwrap();
                let there = number("collected") - number("removed");
                assert_eq!(number("tweets"), there - number("superseded"), "{row}");
                counts.insert(row["country"].as_str().unwrap().to_owned(), there);
            }
            counts.retain(|_, count| *count > 0);
            assert_eq!(counts, posts, "{keyword}");
        }
    }

    /// Makes the next check due, as if the last one had begun a day ago, and waits until it has gone through all posts.
    pub(super) async fn check(&self) -> FinishedCheck {
        let asked_at = UtcTime::now();
        self.make_check_due().await;
        self.checked_since(asked_at).await
    }

    pub(super) async fn make_check_due(&self) {
        // The minute may be writing it.
        loop {
            let Some(mut state) = self.status().compliance().await.unwrap() else { return };
            let Some(last) = &mut state.last else { return };
            last.begun_at = last.begun_at.before(Duration::from_secs(24 * 60 * 60));
            if self.status().save_compliance(&mut state).await.unwrap() == stream::Saved::Saved {
                return;
            }
        }
    }

    /// Waits until a check that began at this time or later has gone through all posts.
    pub(super) async fn checked_since(&self, at: UtcTime) -> FinishedCheck {
        let end = Instant::now() + PATIENCE;
        loop {
            let state = self.status().compliance().await.unwrap();
            if let Some(last) = state.as_ref().and_then(|state| state.last.clone())
                && last.begun_at >= at
            {
                return last;
            }
            assert!(Instant::now() < end, "no check has ended: {state:#?}");
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }
}
