//! The latency and the cost of a page of 100 posts of a keyword, as it grows to 1,000,000 posts; then the latency of what the web page draws of
//! them, a histogram of a week and the map; and the same of all keywords together.
//!
//! `cargo bench -p local --bench api`, or with `-- --keep FOLDER` to keep the posts, so that `aviary --data FOLDER` can show them.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its results")]

use std::path::PathBuf;
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
/// Posts that are stored together.
const BATCH: u64 = 60;
const REQUESTS_A_SECOND: u64 = 50;
/// Of all keywords, each hour is read by itself, so it is asked as often as one person would.
const OF_ALL_A_SECOND: u64 = 2;
const SECONDS: u64 = 60;
/// In seconds, and so in posts.
const WEEK: u64 = 7 * 24 * 60 * 60;

/// The time of a post. Posts are written one second apart.
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

fn keyword() -> Keyword {
    "keyword0".parse().unwrap()
}

#[tokio::main]
async fn main() {
    let data = tempfile::tempdir().unwrap();
    let kept = std::env::args().skip_while(|argument| argument != "--keep").nth(1);
    let folder = kept.map_or(data.path().to_owned(), PathBuf::from);
    let machine = Machine::start(Options::new(folder, Stream::nowhere())).await.unwrap();
    let dynamodb = aws_sdk_dynamodb::Client::new(machine.aws.sdk());
    let tweets = machine.aws.tweets_table();
    let mut stored = 0;
    for size in SIZES {
        let begin = Instant::now();
        while stored < size {
            let posts: Vec<Post> = (stored..stored + BATCH).map(post).collect();
            let soon = Instant::now() + Duration::from_secs(30);
            tweets.insert(&keyword(), &posts, UtcTime::now(), soon).await.unwrap();
            stored += BATCH;
        }
        println!("{stored} posts stored after {:.0} s", begin.elapsed().as_secs_f64());
        println!("  read units for a page of 100: {}", read_units(&dynamodb, stored).await);
        let page = |number: u64| format!("/tweets?keyword={}&limit=100&to={}", keyword(), written_at(number));
        measure("a page of 100", &machine, REQUESTS_A_SECOND, stored, page).await;
    }
    let week = |number: u64| {
        let to = written_at(number.max(WEEK));
        format!("from={}&to={to}", to.before(Duration::from_secs(WEEK)))
    };
    let whole = format!("from={}&to={}", written_at(0), written_at(stored));
    let histogram = |number| format!("/tweetsStatistics?keyword={}&by=hour&{}", keyword(), week(number));
    measure("a week by hour", &machine, REQUESTS_A_SECOND, stored, histogram).await;
    let map = |_| format!("/tweetsStatistics?keyword={}&by=country&{whole}", keyword());
    measure("by country", &machine, REQUESTS_A_SECOND, stored, map).await;
    let of_all = |number| format!("/tweetsStatistics?by=hour&{}", week(number));
    measure("a week of all keywords by hour", &machine, OF_ALL_A_SECOND, stored, of_all).await;
    let map = |number| format!("/tweetsStatistics?by=country&{}", week(number));
    measure("a week of all keywords by country", &machine, OF_ALL_A_SECOND, stored, map).await;
}

/// The read units that DynamoDB charges for a page from the middle of a keyword's posts.
async fn read_units(dynamodb: &aws_sdk_dynamodb::Client, stored: u64) -> f64 {
    let answer = dynamodb
        .query()
        .table_name("TweetsTable")
        .index_name(TweetsTable::INDEX)
        .key_condition_expression("keyword = :keyword AND createDate <= :to")
        .expression_attribute_values(":keyword", AttributeValue::S(keyword().to_string()))
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

/// Asks the API at a constant rate, however fast it answers, for the paths that belong to random posts, and prints the latencies.
async fn measure(name: &str, machine: &Machine, a_second: u64, stored: u64, path: impl Fn(u64) -> String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(1000 / a_second));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    for _ in 0..a_second * SECONDS {
        let due = ticks.tick().await;
        let url = format!("http://{}{}", machine.api, path(fastrand::u64(200..stored)));
        let http = http.clone();
        requests.spawn(async move {
            let answer = http.get(url).send().await.unwrap().error_for_status().unwrap();
            let body = answer.bytes().await.unwrap();
            let took = due.elapsed();
            let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(answer["tweets"].as_array().is_none_or(|tweets| tweets.len() == 100));
            assert!(answer["total"].as_u64().is_none_or(|total| total > 0));
            took
        });
    }
    let mut took = requests.join_all().await;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "  {name}, {} times at {a_second} a second: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
