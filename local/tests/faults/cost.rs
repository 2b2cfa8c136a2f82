//! How many requests to AWS a post takes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::{Call, Fate};

use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

/// The operations and resources that carry posts, from the streamer's send to the consumer's last call.
const CARRYING: [(&str, Option<&str>); 7] = [
    ("SendMessageBatch", Some("TweetsFifoQueue.fifo")),
    ("ReceiveMessage", Some("TweetsFifoQueue.fifo")),
    ("BatchGetItem", None),
    ("TransactWriteItems", None),
    ("Query", Some("StatisticsTable")),
    ("PutMetricData", None),
    ("DeleteMessageBatch", Some("TweetsFifoQueue.fifo")),
];

#[test]
fn a_thousand_posts_take_at_most_170_requests_at_50_posts_a_second() {
    const TIME: Duration = Duration::from_secs(60);
    // Six in ten of the posts that the stub makes up match the rules.
    const RATE: f64 = 84.0;
    virtually(async {
        let data = folder();
        let mut world = World::empty(data.path(), Settings { rate: RATE, ..Settings::seed(1) }).await;
        world.begin("zebra").await;
        world.until("reading has begun", async |world| world.delivered().await > 0).await;
        // By then, the posts written before the start have been fetched.
        world.settled().await;
        let calls: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let before = world.delivered().await;
        let count = Arc::clone(&calls);
        world.machine.as_ref().unwrap().faults.judge(move |Call { operation, resource, .. }| {
            let carries = |(carries, of): &(&str, Option<&str>)| {
                operation == carries && (of.is_none() || resource.as_deref() == *of)
            };
            // The minute's few queries of the statistics are counted too.
            let name = if CARRYING.iter().any(carries) { operation } else { "others" };
            *count.lock().unwrap().entry(name.to_owned()).or_default() += 1;
            Fate::Answered
        });
        tokio::time::sleep(TIME).await;
        world.machine.as_ref().unwrap().faults.end();
        let posts = (world.delivered().await - before) as u64;
        let calls = calls.lock().unwrap().clone();
        let carrying: u64 = calls.iter().filter(|(name, _)| *name != "others").map(|(_, count)| count).sum();
        println!("{posts} posts: {carrying} requests carry them: {calls:?}");
        assert!((2_850..3_300).contains(&posts), "{posts} in {TIME:?}");
        assert!(carrying * 1000 <= 170 * posts, "{carrying} requests for {posts} posts: {calls:?}");
    });
}
