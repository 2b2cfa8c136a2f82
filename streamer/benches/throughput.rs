//! The streamer's throughput, latency and memory: the program itself, as a process, between a stream served here and
//! AWS endpoints that only acknowledge.
//!
//! `cargo bench -p streamer --features jemalloc --bench throughput` prints one line for each load; `docs/BENCHMARKS.md` has the results.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its results")]

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One load.
struct Load {
    name: &'static str,
    /// Posts per second; `None` for as many as the streamer takes.
    rate: Option<u64>,
    time: Duration,
}

const LOADS: [Load; 3] = [
    Load { name: "as fast as it can", rate: None, time: Duration::from_secs(20) },
    Load { name: "1,000 posts/s", rate: Some(1000), time: Duration::from_secs(20) },
    Load { name: "250 posts/s", rate: Some(250), time: Duration::from_secs(20) },
];

/// What the servers around the streamer have measured.
#[derive(Debug)]
struct Seen {
    rate: Option<u64>,
    sent: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
    /// When each post that has not arrived on the queue was sent.
    on_the_way: Mutex<HashMap<u64, Instant>>,
    /// How long posts took to arrive on the queue.
    lags: Mutex<Vec<Duration>>,
}

/// The first post id; later posts have consecutive ids.
const FIRST_ID: u64 = 2_125_000_000_000_000_000;

/// How many digits an id has.
const ID_DIGITS: usize = 19;

/// What stands before a post's id in a request.
const ID: &str = r#"{\"tweetId\":\""#;

/// What is read of a request.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    entries: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
}

/// A line of 2.1 KB, as X sends it with all that is asked of it: a reply with a photo, a place and a link. It is longer than most: with the same fields,
/// 684 public posts recorded from X have 1,770 bytes on average.
fn line(id: u64) -> String {
    let text = "Šiandien visi kalba apie zebra, o aš žiūriu į ežerą 🦓 ".repeat(2)
        + "@ona #zebra https://t.co/abcdefghij";
    let metrics = json!({ "retweet_count": 3, "reply_count": 1, "like_count": 20, "quote_count": 0, "bookmark_count": 2, "impression_count": 1234 });
    let author = json!({
        "id": "1000000000000000001", "name": "Jonas Ežeras", "username": "stub_jonas", "location": "Vilnius, Lithuania",
        "profile_image_url": "https://pbs.twimg.com/profile_images/1000000000000000001/abcdefgh_normal.jpg", "verified_type": "blue",
        "public_metrics": { "followers_count": 1234, "following_count": 321, "tweet_count": 4567, "listed_count": 8, "like_count": 910, "media_count": 11 },
    });
    let now = utc_time::UtcTime::now();
    let post = json!({
        "data": {
            "id": id.to_string(), "text": text, "created_at": now.to_string(), "author_id": "1000000000000000001",
            "conversation_id": id.to_string(), "edit_history_tweet_ids": [id.to_string()], "lang": "lt",
            "geo": { "place_id": "0123456789abcdef" },
            "possibly_sensitive": false, "reply_settings": "everyone", "public_metrics": metrics,
            "attachments": { "media_keys": ["3_2124999999999999998"] },
            "entities": {
                "hashtags": [{ "start": 115, "end": 121, "tag": "zebra" }],
                "mentions": [{ "start": 110, "end": 114, "username": "ona", "id": "1000000000000000002" }],
                "urls": [{
                    "start": 122, "end": 145, "url": "https://t.co/abcdefghij", "expanded_url": "https://example.org/2026/11/zebra?ref=x",
                    "display_url": "example.org/2026/11/zebra…", "media_key": "3_2124999999999999998",
                }],
            },
            "referenced_tweets": [{ "type": "replied_to", "id": "2124999999999999999" }],
        },
        "includes": {
            "users": [author],
            "places": [{ "id": "0123456789abcdef", "country_code": "LT", "full_name": "Vilnius, Lithuania" }],
            "media": [{ "media_key": "3_2124999999999999998", "type": "photo", "url": "https://pbs.twimg.com/media/abcdefghijklmno.jpg", "width": 1200, "height": 800, "alt_text": "A lake with a zebra on the far bank" }],
            "tweets": [{ "id": "2124999999999999999", "text": "What is there to see? ".repeat(8), "author_id": "1000000000000000002", "edit_history_tweet_ids": ["2124999999999999999"] }],
        },
        "matching_rules": [{ "id": "1", "tag": "aviary:zebra" }],
    });
    format!("{post}\r\n")
}

async fn stream(State(seen): State<Arc<Seen>>) -> Response {
    /// Lines per chunk if the rate is not limited.
    const CHUNK: u64 = 64;
    // What stands between the ids.
    let template: Arc<[String]> = line(FIRST_ID).split(&FIRST_ID.to_string()).map(str::to_owned).collect();
    let size = line(FIRST_ID).len();
    let start = Instant::now();
    let next = move |number: u64| {
        let (template, seen) = (Arc::clone(&template), Arc::clone(&seen));
        async move {
            let (lines, pause) = match seen.rate {
                None => (CHUNK, None),
                Some(rate) => (1, Some(start + Duration::from_secs_f64(number as f64 / rate as f64))),
            };
            if let Some(pause) = pause {
                tokio::time::sleep_until(pause.into()).await;
            }
            // Stay within the streamer's buffer: it closes the connection when the buffer is full.
            while seen.rate.is_none() && number > seen.accepted.load(Ordering::Relaxed) + 8_000 {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            let mut chunk = String::with_capacity(size * usize::try_from(lines).unwrap());
            for id in FIRST_ID + number..FIRST_ID + number + lines {
                let id = id.to_string();
                for (number, part) in template.iter().enumerate() {
                    if number > 0 {
                        chunk.push_str(&id);
                    }
                    chunk.push_str(part);
                }
            }
            if seen.rate.is_some() {
                seen.on_the_way.lock().unwrap().insert(FIRST_ID + number, Instant::now());
            }
            seen.sent.fetch_add(lines, Ordering::Relaxed);
            Some((Ok::<_, std::io::Error>(Bytes::from(chunk)), number + lines))
        }
    };
    Body::from_stream(futures::stream::unfold(0, next)).into_response()
}

async fn rules() -> axum::Json<Value> {
    axum::Json(json!({ "data": [{ "id": "1", "value": "zebra", "tag": "aviary:zebra" }], "meta": {} }))
}

/// Answers the AWS calls that a streamer makes.
async fn aws(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let answer = match target.split_once('.').unwrap().1 {
        "SendMessageBatch" => {
            // No more is read than must be, so that this does not take the streamer's time.
            let request: Request = serde_json::from_slice(&body).unwrap();
            let text = std::str::from_utf8(&body).unwrap();
            let ids = text.match_indices(ID).map(|(at, _)| &text[at + ID.len()..]);
            if seen.rate.is_some() {
                let (mut on_the_way, now) = (seen.on_the_way.lock().unwrap(), Instant::now());
                let ids = ids.clone().map(|rest| rest[..ID_DIGITS].parse::<u64>().unwrap());
                let lags = ids.filter_map(|id| on_the_way.remove(&id)).map(|sent| now - sent);
                seen.lags.lock().unwrap().extend(lags);
            }
            seen.accepted.fetch_add(ids.count() as u64, Ordering::Relaxed);
            seen.requests.fetch_add(1, Ordering::Relaxed);
            let done: Vec<Value> = request
                .entries
                .iter()
                .map(|entry| {
                    let md5 = "00000000000000000000000000000000";
                    json!({ "Id": entry.id, "MessageId": "m", "MD5OfMessageBody": md5, "SequenceNumber": "1" })
                })
                .collect();
            json!({ "Successful": done, "Failed": [] })
        }
        "ReceiveMessage" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            json!({})
        }
        "GetParameter" => json!({ "Parameter": { "Value": "token" } }),
        "Query" if body.windows(8).any(|part| part == b"keyword#") => json!({ "Count": 1, "Items": [
            { "keyword": { "S": "zebra" }, "startedAt": { "S": "2026-11-24T00:00:00.000Z" } },
        ] }),
        "Query" => json!({ "Count": 0, "Items": [] }),
        "UpdateItem" => json!({ "Attributes": {
            "owner": { "S": "bench" }, "epoch": { "N": "1" }, "until": { "N": "9999999999999" },
        } }),
        _ => json!({}),
    };
    ([("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response()
}

/// A streamer process, killed when this is dropped.
struct Streamer(Child);

impl Streamer {
    /// Seconds of processor time used so far.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let after_name = stat.rsplit(") ").next().unwrap();
        let ticks: Vec<u64> =
            after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse().unwrap()).collect();
        // Linux counts in hundredths of a second on every platform that this benchmark runs on.
        (ticks[0] + ticks[1]) as f64 / 100.0
    }

    /// The peak resident memory, in MiB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Streamer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    println!("a line has {} bytes", line(FIRST_ID).len());
    for load in LOADS {
        let seen = Arc::new(Seen {
            rate: load.rate,
            sent: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            on_the_way: Mutex::default(),
            lags: Mutex::default(),
        });
        let router = Router::new()
            .route("/2/tweets/search/stream", get(stream))
            .route("/2/tweets/search/stream/rules", get(rules))
            .route("/2/tweets/search/recent", any(async || axum::Json(json!({ "meta": {} }))))
            .route("/", post(aws))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&seen));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, router).await });
        let streamer = Streamer(
            Command::new(env!("CARGO_BIN_EXE_streamer"))
                .env_clear()
                .envs([
                    ("AWS_ENDPOINT_URL", url.as_str()),
                    ("AWS_REGION", "us-east-1"),
                    ("AWS_ACCESS_KEY_ID", "bench"),
                    ("AWS_SECRET_ACCESS_KEY", "bench"),
                    ("X_API_URL", &url),
                    ("TWITTER_BEARER_TOKEN_PARAMETER", "token"),
                    ("TWEETS_QUEUE_URL", &format!("{url}/queue.fifo")),
                    ("STREAM_CLOSE_QUEUE_URL", &format!("{url}/close")),
                    ("STREAM_STATUS_TABLE", "status"),
                    ("DAILY_POST_BUDGET", "1000000000000"),
                    ("RUST_LOG", "error"),
                ])
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        while seen.accepted.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let before = (Instant::now(), streamer.cpu(), seen.accepted.load(Ordering::Relaxed));
        tokio::time::sleep(load.time).await;
        let posts = (seen.accepted.load(Ordering::Relaxed) - before.2) as f64;
        let (seconds, cpu) = (before.0.elapsed().as_secs_f64(), streamer.cpu() - before.1);
        let requests = seen.requests.load(Ordering::Relaxed) as f64;
        let mut lags = std::mem::take(&mut *seen.lags.lock().unwrap());
        lags.sort();
        let p99 =
            lags.get(lags.len() * 99 / 100).map_or("-".to_owned(), |lag| format!("{} ms", lag.as_millis()));
        println!(
            "{}: {:.0} posts/s; {:.0} posts for a second of one core; {:.1} queue requests for 1,000 posts; p99 from line to queue {p99}; at most {:.1} MiB resident",
            load.name,
            posts / seconds,
            posts / cpu,
            requests * 1000.0 / seen.accepted.load(Ordering::Relaxed) as f64,
            streamer.memory(),
        );
        drop(streamer);
        serving.abort();
    }
}
