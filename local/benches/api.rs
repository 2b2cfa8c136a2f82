//! The latency and the cost of a page of 100 posts, as the table grows to 1,000,000 posts.
//!
//! `cargo bench -p local --bench api`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its results")]

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use local::{Machine, Options, Stream};
use posts::tweets::TweetsTable;
use posts::{Keyword, Post};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use utc_time::UtcTime;

/// The table sizes to measure.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
const KEYWORDS: u64 = 10;
const REQUESTS_A_SECOND: u64 = 50;
const SECONDS: u64 = 60;

/// The time of a post. Posts are written one second apart, with keywords in turn.
fn written_at(number: u64) -> UtcTime {
    let first: UtcTime = "2026-10-01T00:00:00Z".parse().unwrap();
    first.after(Duration::from_secs(number))
}

fn post(number: u64) -> Post {
    let countries = ["LT", "US", "JP", "BR", "DE"];
    serde_json::from_value(json!({
        "tweetId": (1_400_000_000_000_000_000 + number).to_string(), "createDate": written_at(number),
        "text": format!("post {number} {}", "of about as many words as people write ".repeat(4)),
        "authorId": "12345", "authorName": "Somebody", "authorUsername": "somebody",
        "country": countries[(number % 5) as usize], "countrySource": "profile", "language": "en",
        "conversationId": (1_400_000_000_000_000_000 + number).to_string(),
    }))
    .unwrap()
}

fn keyword(number: u64) -> Keyword {
    format!("keyword{}", number % KEYWORDS).parse().unwrap()
}

#[tokio::main]
async fn main() {
    let data = tempfile::tempdir().unwrap();
    let machine = Machine::start(Options::new(data.path(), Stream::nowhere())).await.unwrap();
    let dynamodb = aws_sdk_dynamodb::Client::new(machine.aws.sdk());
    let tweets = machine.aws.tweets_table();
    let mut stored = 0;
    for size in SIZES {
        let begin = Instant::now();
        while stored < size {
            for of in 0..KEYWORDS {
                let numbers = (stored..stored + 600).filter(|number| number % KEYWORDS == of);
                let posts: Vec<Post> = numbers.map(post).collect();
                let soon = Instant::now() + Duration::from_secs(30);
                tweets.insert(&keyword(of), &posts, UtcTime::now(), soon).await.unwrap();
            }
            stored += 600;
        }
        println!("{stored} posts stored after {:.0} s", begin.elapsed().as_secs_f64());
        println!("  read units for a page of 100: {}", read_units(&dynamodb, stored).await);
        measure(&format!("http://{}", machine.api), stored).await;
    }
}

/// The read units that DynamoDB charges for a page from the middle of a keyword's posts.
async fn read_units(dynamodb: &aws_sdk_dynamodb::Client, stored: u64) -> f64 {
    let answer = dynamodb
        .query()
        .table_name("TweetsTable")
        .index_name(TweetsTable::INDEX)
        .key_condition_expression("keyword = :keyword AND createDate <= :to")
        .expression_attribute_values(":keyword", AttributeValue::S(keyword(0).to_string()))
        .expression_attribute_values(":to", AttributeValue::S(written_at(stored / 2).to_string()))
        .scan_index_forward(false)
        .limit(100)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.count(), 100);
    answer.consumed_capacity().and_then(|capacity| capacity.capacity_units()).unwrap()
}

/// Requests pages at a constant rate, however fast they are answered, and prints their latencies.
async fn measure(api: &str, stored: u64) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(1000 / REQUESTS_A_SECOND));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    for _ in 0..REQUESTS_A_SECOND * SECONDS {
        let due = ticks.tick().await;
        let number = fastrand::u64(KEYWORDS * 200..stored);
        let url = format!("{api}/tweets?keyword={}&limit=100&to={}", keyword(number), written_at(number));
        let http = http.clone();
        requests.spawn(async move {
            let answer = http.get(url).send().await.unwrap();
            let body = answer.bytes().await.unwrap();
            let took = due.elapsed();
            let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(page["tweets"].as_array().unwrap().len(), 100);
            took
        });
    }
    let mut took = requests.join_all().await;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "  {} pages of 100 at {REQUESTS_A_SECOND} requests/s: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
