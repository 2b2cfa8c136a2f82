//! How many requests to AWS a post takes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Call, Fate};

use crate::log::Log;
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

/// What SQS charges for as one request, in bytes. <https://aws.amazon.com/sqs/pricing/>
const CHUNK: usize = 64 * 1024;

/// The requests that carry posts for a minute, by their operation, and how many posts they carry; prints how large items, messages and log
/// lines are.
#[expect(clippy::print_stdout, reason = "`cargo test` shows it where a test fails, or with `--nocapture`")]
fn a_minute(keep_raw: bool) -> (BTreeMap<String, u64>, u64) {
    const TIME: Duration = Duration::from_secs(60);
    // Six in ten of the posts that the stub makes up match the rules. Three in a hundred are edits, within a second of what they edit: sooner
    // than at X, which takes a second transaction for most messages.
    const RATE: f64 = 84.0;
    let counted = Arc::new(Mutex::new((BTreeMap::new(), 0)));
    let result = Arc::clone(&counted);
    virtually(async move {
        let data = folder();
        let mut world =
            World::empty(data.path(), Settings { rate: RATE, keep_raw, ..Settings::seed(1) }).await;
        world.begin("zebra").await;
        world.until("reading has begun", async |world| world.delivered().await > 0).await;
        // By then, the posts written before the start have been fetched.
        world.settled().await;
        let calls: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let (log, _guard) = Log::of_programs("info");
        let before = world.delivered().await;
        let count = Arc::clone(&calls);
        let messages: Arc<Mutex<Vec<usize>>> = Arc::default();
        let sent = Arc::clone(&messages);
        world.machine.as_ref().unwrap().faults.judge(move |Call { operation, resource, request, .. }| {
            if operation == "SendMessageBatch" {
                let bodies = request["Entries"].as_array().into_iter().flatten();
                sent.lock().unwrap().extend(bodies.map(|body| body["MessageBody"].as_str().unwrap().len()));
            }
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
        let sizes = post_sizes(&world).await;
        let bytes = average(&sizes);
        let units = sizes.iter().map(|size| size.div_ceil(1024)).sum::<usize>() as f64 / sizes.len() as f64;
        println!(
            "keep_raw {keep_raw}: a post is an item of {bytes:.0} bytes and {units:.2} write units on average"
        );
        assert!(bytes < 1000.0 && units < 1.2, "{bytes} bytes, {units} write units");
        // As AWS has it, a line of the consumer also has the call's id and trace, twice, and no time of its own: some 350 bytes more.
        for line in ["sent posts to the queue", "stored posts"] {
            let said = |written: &&serde_json::Value| written["fields"]["message"] == line;
            let sizes: Vec<usize> =
                log.lines().iter().filter(said).map(|written| written.to_string().len()).collect();
            let bytes = average(&sizes);
            println!("{} lines {line:?} of {bytes:.0} bytes on average", sizes.len());
            assert!(bytes < 2000.0, "{bytes} bytes");
        }
        let messages = messages.lock().unwrap();
        let chunks: usize = messages.iter().map(|size| size.div_ceil(CHUNK)).sum();
        println!(
            "{} messages of {:.0} bytes on average, {chunks} times 64 KiB",
            messages.len(),
            average(&messages)
        );
        *result.lock().unwrap() = (std::mem::take(&mut *calls.lock().unwrap()), posts);
    });
    counted.lock().unwrap().clone()
}

/// The sizes of the posts in TweetsTable; of what remains of removed ones, there are few.
async fn post_sizes(world: &World) -> Vec<usize> {
    let client = aws_sdk_dynamodb::Client::new(world.machine.as_ref().unwrap().aws.sdk());
    let scan = client.scan().table_name("TweetsTable").filter_expression("attribute_exists(createDate)");
    let mut items = scan.into_paginator().items().send();
    let mut sizes = Vec::new();
    while let Some(item) = items.next().await {
        sizes.push(item.unwrap().iter().map(|(name, value)| name.len() + size(value)).sum::<usize>());
    }
    sizes
}

fn average(sizes: &[usize]) -> f64 {
    sizes.iter().sum::<usize>() as f64 / sizes.len() as f64
}

/// The size of a value, as DynamoDB counts it.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            3 + values.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        _ => 1,
    }
}

#[test]
fn a_thousand_posts_take_at_most_190_requests_at_50_posts_a_second() {
    for keep_raw in [true, false] {
        let (calls, posts) = a_minute(keep_raw);
        let carrying: u64 = calls.iter().filter(|(name, _)| *name != "others").map(|(_, count)| count).sum();
        println!("{posts} posts: {carrying} requests carry them: {calls:?}");
        assert!((2_850..3_300).contains(&posts), "{posts} in a minute");
        assert!(carrying * 1000 <= 190 * posts, "{carrying} requests for {posts} posts: {calls:?}");
    }
}
