//! The throughput of the whole pipeline on one machine, from the stub's made-up posts through the streamer, the queue
//! and the consumer to the tables, all in this process.
//!
//! `cargo bench -p local --bench pipeline [-- posts|keywords|backlog]`; `docs/BENCHMARKS.md` has the results.
//! Environment variables change the load: `RATE` (posts/s), `KEYWORDS`, `SECONDS`, `MESSAGES`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its results")]

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use local::{Call, Fate, Machine, Options, Stream};
use posts::envelope::{EncodedPost, Parcel};
use posts::{Keyword, Post};
use serde_json::{Value, json};
use tokio::time::Instant;
use utc_time::UtcTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::main]
async fn main() {
    let modes: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match modes.first().map(String::as_str) {
        Some("posts") => posts().await,
        Some("keywords") => keywords().await,
        Some("backlog") => backlog().await,
        _ => {
            // Each in a process of its own, since memory is measured.
            for mode in ["posts", "keywords", "backlog"] {
                let program = std::env::current_exe().unwrap();
                assert!(std::process::Command::new(program).arg(mode).status().unwrap().success());
            }
        }
    }
}

/// One keyword, with more posts than can be stored.
async fn posts() {
    let (rate, seconds) = (setting("RATE", 10_000.0), setting("SECONDS", 60));
    let world = World::start(rate, &["coffee".to_owned()]).await;
    let watched = watch(&world, seconds).await;
    let stored = world.stored(&["coffee".to_owned()]).await;
    println!("{rate} posts/s offered for {seconds} s: {:.0} posts/s stored", stored / seconds as f64);
    watched.print();
    world.machine.run(async {}).await.unwrap();
}

/// Many keywords that all match every post.
async fn keywords() {
    let (rate, count, seconds) = (setting("RATE", 50.0), setting("KEYWORDS", 1000), setting("SECONDS", 60));
    // No post contains these words, so every keyword matches as `coffee` does.
    let keywords: Vec<String> = (0..count).map(|number| format!("-nothing{number} coffee")).collect();
    let world = World::start(rate, &keywords).await;
    let watched = watch(&world, seconds).await;
    let stored = world.stored(&keywords).await;
    println!(
        "{count} overlapping keywords, {rate} posts/s, {seconds} s: {:.0} of {:.0} pairs/s stored",
        stored / seconds as f64,
        rate * f64::from(count)
    );
    watched.print();
    world.machine.run(async {}).await.unwrap();
}

/// A backlog of messages, half under one keyword and half under 25 others.
async fn backlog() {
    let messages = setting("MESSAGES", 100_000_u64);
    let world = World::start(1.0, &[]).await;
    world.machine.faults.judge(|call: &Call| match (call.operation.as_str(), call.resource.as_deref()) {
        ("ReceiveMessage", Some("TweetsFifoQueue.fifo")) => Fate::FailsBefore,
        _ => Fate::Answered,
    });
    let sqs = aws_sdk_sqs::Client::new(world.machine.aws.sdk());
    let queue = world.machine.aws.queue_url("TweetsFifoQueue.fifo");
    let start = Instant::now();
    for first in (1..=messages).step_by(10) {
        let entries = (first..(first + 10).min(messages + 1)).map(|number| {
            let group = if number % 2 == 0 { 0 } else { 1 + number % 50 };
            let mut parcel = Parcel::new(format!("keyword{group}").parse().unwrap());
            let post = post(number);
            parcel.add(&EncodedPost::encode((&post).into(), post.create_date).unwrap());
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
            let entry =
                entry.message_group_id(group.to_string()).message_deduplication_id(number.to_string());
            entry.message_body(parcel.body()).build().unwrap()
        });
        let request = sqs.send_message_batch().queue_url(&queue).set_entries(Some(entries.collect()));
        assert!(request.send().await.unwrap().failed().is_empty());
    }
    println!("{messages} messages sent: {:.0} messages/s", messages as f64 / start.elapsed().as_secs_f64());
    world.machine.faults.end();
    let start = Instant::now();
    let mut latency = Latency::default();
    loop {
        latency.measure(&world, "GET /health").await;
        latency.measure(&world, "GET /stream").await;
        let depth = sqs
            .get_queue_attributes()
            .queue_url(&queue)
            .attribute_names(aws_sdk_sqs::types::QueueAttributeName::All)
            .send()
            .await
            .unwrap();
        let counts = depth.attributes.unwrap();
        if counts
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("Approximate"))
            .all(|(_, count)| count == "0")
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("drained: {:.0} messages/s", messages as f64 / start.elapsed().as_secs_f64());
    latency.print();
    println!("  resident at most {} MB", memory("VmHWM"));
}

fn post(id: u64) -> Post {
    let post = json!({
        "tweetId": id.to_string(), "createDate": UtcTime::now(), "country": "LT", "countrySource": "place",
        "text": "Everybody talks about the zebra today, and I look at the lake.", "language": "en",
        "authorId": "1000000000000000001", "authorName": "Jonas", "authorUsername": "jonas",
        "conversationId": id.to_string(),
    });
    serde_json::from_value(post).unwrap()
}

struct World {
    machine: Machine,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl World {
    async fn start(rate: f64, keywords: &[String]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let generated = stub::Options::new(stub::Source::Generator { seed: 1 });
        let stub = Stream::Stub(stub::Options { rate, ..generated });
        let options = Options {
            keywords: keywords.iter().map(|keyword| keyword.parse::<Keyword>().unwrap()).collect(),
            ..Options::new(data.path(), stub)
        };
        let machine = Machine::start(options).await.unwrap();
        Self { machine, http: reqwest::Client::builder().no_proxy().build().unwrap(), _data: data }
    }

    async fn ask(&self, request: &str) -> Value {
        let (method, path) = request.split_once(' ').unwrap();
        let request =
            self.http.request(method.parse().unwrap(), format!("http://{}{path}", self.machine.api));
        let request =
            if method == "POST" { request.json(&json!({ "keyword": "one more" })) } else { request };
        request.send().await.unwrap().json().await.unwrap_or_default()
    }

    /// How many posts are stored, under all keywords together.
    async fn stored(&self, keywords: &[String]) -> f64 {
        let answer = if let [keyword] = keywords {
            self.ask(&format!("GET /tweetsStatistics?keyword={keyword}")).await
        } else {
            self.ask("GET /tweetsStatistics?by=hour").await
        };
        answer["total"].as_f64().unwrap_or(f64::NAN)
    }
}

/// Measurements taken while the pipeline runs.
struct Watched {
    latency: Latency,
    lag_ms: Vec<f64>,
}

/// Sends a user's requests four times per second for `seconds`.
async fn watch(world: &World, seconds: u64) -> Watched {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut watched = Watched { latency: Latency::default(), lag_ms: Vec::new() };
    while Instant::now() < end {
        watched.latency.measure(world, "GET /health").await;
        let stream = watched.latency.measure(world, "GET /stream").await;
        watched.lag_ms.extend(stream["report"]["lagMs"].as_f64());
        watched.latency.measure(world, "GET /tweets?keyword=coffee&limit=20").await;
        watched.latency.measure(world, "POST /stream").await;
        tokio::time::sleep_until(end.min(Instant::now() + Duration::from_millis(250))).await;
    }
    watched
}

impl Watched {
    fn print(&self) {
        self.latency.print();
        let most = self.lag_ms.iter().copied().fold(0.0, f64::max);
        println!(
            "  lagMs at most {most:.0}, in the end {:.0}",
            self.lag_ms.last().copied().unwrap_or(f64::NAN)
        );
        println!("  resident now {} MB, at most {} MB", memory("VmRSS"), memory("VmHWM"));
        println!("  processor time {:.0} s", processor_seconds());
    }
}

/// Response times, by request.
#[derive(Default)]
struct Latency(BTreeMap<&'static str, Vec<Duration>>);

impl Latency {
    async fn measure(&mut self, world: &World, request: &'static str) -> Value {
        let start = Instant::now();
        let answer = world.ask(request).await;
        self.0.entry(request).or_default().push(start.elapsed());
        answer
    }

    fn print(&self) {
        for (request, times) in &self.0 {
            let mut times = times.clone();
            times.sort();
            let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_millis();
            println!("  {request}: median {} ms, 95 % {} ms, longest {} ms", at(0.5), at(0.95), at(1.0));
        }
    }
}

/// A memory figure of this process, in MB.
fn memory(which: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// The processor time of this process in seconds. The kernel counts in hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks: Vec<f64> =
        stat.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse().unwrap()).collect();
    ticks.iter().sum::<f64>() / 100.0
}
