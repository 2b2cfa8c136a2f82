//! How many posts per second one consumer stores through one machine's endpoint, on disk.
//!
//! `cargo bench -p local --bench consumer`; `docs/BENCHMARKS.md` has the results.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its results")]

use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use consumer::Consumer;
use local::{Machine, Options, Stream, programs};
use posts::Post;
use posts::envelope::{EncodedPost, Parcel};
use serde_json::json;
use service::own_metrics::EmbeddedMetrics;
use tokio::time::Instant;
use utc_time::UtcTime;

/// Messages per batch and posts per message: both full.
const MESSAGES: u64 = 10;
const POSTS: u64 = 60;
const BATCHES: u64 = 50;

/// A post of about 1 KB from one of 25 countries.
fn post(id: u64) -> Post {
    let countries = [
        "LT", "LV", "EE", "PL", "DE", "FR", "ES", "PT", "IT", "GR", "TR", "UA", "SE", "NO", "FI", "DK", "IS",
        "IE", "GB", "NL", "BE", "LU", "CH", "AT", "CZ",
    ];
    let country = countries[usize::try_from(id).unwrap() % countries.len()];
    let post = json!({
        "tweetId": id.to_string(), "createDate": UtcTime::now(), "country": country, "countrySource": "place",
        "text": "Everybody talks about the zebra today, and I look at the lake. ".repeat(10), "language": "en",
        "authorId": "1000000000000000001", "authorName": "Jonas", "authorUsername": "jonas",
        "conversationId": id.to_string(),
    });
    serde_json::from_value(post).unwrap()
}

fn batch(number: u64) -> SqsEvent {
    let records: Vec<_> = (0..MESSAGES)
        .map(|message| {
            let mut parcel = Parcel::new("zebra".parse().unwrap());
            for index in 0..POSTS {
                let post = post(1 + (number * MESSAGES + message) * POSTS + index);
                parcel.add(&EncodedPost::encode((&post).into(), post.create_date).unwrap());
            }
            json!({
                "messageId": message.to_string(), "body": parcel.body(),
                "attributes": { "MessageGroupId": "zebra" }, "messageAttributes": {},
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

#[tokio::main]
async fn main() {
    let data = tempfile::tempdir().unwrap();
    let options = Options::new(data.path(), Stream::nowhere());
    let machine = Machine::start(options).await.unwrap();
    let config = programs::consumer(&machine.aws, true);
    let consumer = Consumer::new(machine.aws.sdk(), config, EmbeddedMetrics::nowhere());
    let batches: Vec<SqsEvent> = (0..BATCHES).map(batch).collect();
    let start = Instant::now();
    for batch in batches {
        let failed =
            consumer.handle(batch, Instant::now() + Duration::from_secs(60)).await.batch_item_failures;
        assert!(failed.is_empty(), "{failed:?}");
    }
    let seconds = start.elapsed().as_secs_f64();
    let posts = (BATCHES * MESSAGES * POSTS) as f64;
    println!("{posts} posts in {seconds:.1} s: {:.0} posts/s", posts / seconds);
}
