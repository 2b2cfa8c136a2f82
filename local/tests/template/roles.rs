//! Each program's role allows everything that the program does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{Keys, Scope};
use local::{Call, Fate, Machine, Options, Stream};
use posts::Post;
use posts::envelope::{EncodedPost, Parcel};
use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::calls::needed;
use crate::template::{Allowed, Template};
use crate::virtual_time::{folder, virtually};

/// The permissions that each caller has needed so far.
type Seen = Arc<Mutex<BTreeMap<String, BTreeSet<Allowed>>>>;

/// A machine that requires a key and reads a stub, and whose calls are recorded.
struct World {
    machine: Machine,
    seen: Seen,
    http: reqwest::Client,
    key: String,
    stub: stub::Spawned,
    _data: tempfile::TempDir,
}

impl World {
    async fn start(seen: Seen) -> Self {
        service::aws::install_tls();
        let generated = stub::Options::new(stub::Source::Generator { seed: 3 });
        let stub = stub::Options { rate: 2.0, search_delay: Duration::ZERO, ..generated };
        let token = stub.token.clone();
        let stub = stub::spawn(stub).await.unwrap();
        let data = folder();
        let mut keys = Keys::default();
        let key = keys.add("owner", Scope::Control, UtcTime::now()).unwrap();
        std::fs::write(data.path().join("api-keys.json"), keys.to_json().unwrap()).unwrap();
        let machine = Machine::start(Options {
            require_key: true,
            ..Options::new(
                data.path(),
                Stream::Elsewhere { url: stub.url.clone(), token, backfill_minutes: 0 },
            )
        })
        .await
        .unwrap();
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { machine, seen, http, key, stub, _data: data }
    }

    async fn ask(&self, request: &str, body: Option<Value>) -> Value {
        let (method, path) = request.split_once(' ').unwrap();
        let url = format!("http://{}{path}", self.machine.api);
        let mut sent = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.key);
        if let Some(body) = body {
            sent = sent.json(&body);
        }
        let answer = sent.send().await.unwrap();
        assert!(answer.status().is_success(), "{request}: {}", answer.text().await.unwrap());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    /// Waits until the answer to `request` satisfies `is_so`.
    async fn until(&self, what: &str, request: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let end = tokio::time::Instant::now() + Duration::from_secs(600);
        loop {
            let answer = self.ask(request, None).await;
            if is_so(&answer) {
                return answer;
            }
            assert!(tokio::time::Instant::now() < end, "still waiting until {what}: {answer}");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// From now on, records each call, and makes those fail for which `fails` returns true.
    fn watch(&self, fails: impl Fn(&Call) -> bool + Send + 'static) {
        let seen = Arc::clone(&self.seen);
        self.machine.faults.judge(move |call| {
            if call.caller != "local" {
                seen.lock().unwrap().entry(call.caller.clone()).or_default().extend(needed(call));
            }
            if fails(call) { Fate::FailsBefore } else { Fate::Answered }
        });
    }
}

/// Starts and stops the streamer in every way: by the API and by the minute, normally and after failures.
async fn start_and_stop(world: &World) {
    let keyword = |keyword: &str| Some(json!({ "keyword": keyword }));
    let has_lease = |epoch: u64| move |stream: &Value| stream["lease"]["epoch"].as_u64() >= Some(epoch);
    let no_lease = |stream: &Value| stream["lease"].is_null();
    let of_streamer = |call: &Call, operations: &[&str]| {
        call.caller == "streamer" && operations.contains(&call.operation.as_str())
    };
    // The API's attempt to start a task fails, so the minute starts it.
    world.watch(|call| call.operation == "RunTask" && call.caller == "control");
    world.ask("POST /stream", keyword("zebra")).await;
    world.until("posts come in", "GET /tweets?keyword=zebra", |page| page["tweets"][0].is_object()).await;
    // The API cannot ask X whether it takes the keyword. It does not, which the streamer records.
    world.watch(|call| call.caller == "control" && call.operation == "GetParameter");
    world.ask("POST /stream", keyword("(")).await;
    world.until("it is refused", "GET /stream", |stream| stream["keywords"][0]["error"].is_string()).await;
    world.ask("DELETE /stream?keyword=(", None).await;
    // A streamer that cannot renew its lease ends without releasing it, and the minute releases it for the next one.
    world.watch(move |call| of_streamer(call, &["UpdateItem"]));
    world.until("it has ended", "GET /stream", no_lease).await;
    world.watch(|_| false);
    world.until("another streamer reads", "GET /stream", has_lease(2)).await;
    // A streamer that does not learn that its keywords were stopped is stopped after the grace period.
    world.watch(move |call| {
        of_streamer(call, &["ReceiveMessage", "Query"])
            || (call.caller == "minute" && call.operation == "StopTask")
    });
    world.ask("DELETE /stream?keyword=zebra", None).await;
    tokio::time::sleep(Duration::from_secs(75)).await;
    world.ask("DELETE /stream", None).await;
    world.until("it has ended", "GET /stream", no_lease).await;
    // A streamer that is stopped and cannot release its lease leaves that to the start of the next one.
    world.watch(|_| false);
    world.ask("POST /stream", keyword("zebra")).await;
    world.until("another streamer reads", "GET /stream", has_lease(3)).await;
    world.watch(move |call| of_streamer(call, &["UpdateItem"]));
    world.ask("DELETE /stream", None).await;
    world.until("it has ended", "GET /stream", no_lease).await;
    world.watch(|_| false);
    world.ask("POST /stream", keyword("zebra")).await;
    world.until("another streamer reads", "GET /stream", has_lease(4)).await;
    world.ask("DELETE /stream", None).await;
    world.until("it has ended", "GET /stream", no_lease).await;
}

/// Has a post taken back at X, and another one's place, and the minute find it out.
async fn check_compliance(world: &World) {
    let placed = |tweet: &&Value| tweet["countrySource"] == "place";
    let has_both = |page: &Value| {
        let tweets = page["tweets"].as_array().unwrap();
        tweets.len() > 1 && tweets.iter().any(|tweet| placed(&tweet))
    };
    let page = world.until("one has a place", "GET /tweets?keyword=zebra&limit=100", has_both).await;
    let tweets = page["tweets"].as_array().unwrap();
    let scrubbed = tweets.iter().find(placed).unwrap()["tweetId"].as_str().unwrap();
    let deleted =
        tweets.iter().find(|tweet| tweet["tweetId"] != scrubbed).unwrap()["tweetId"].as_str().unwrap();
    for (id, reason) in [(deleted, "deleted"), (scrubbed, "scrub_geo")] {
        let takedown = world.http.post(format!("{}/control/takedowns", world.stub.url));
        let takedown = takedown.json(&json!({ "id": id, "reason": reason })).send().await.unwrap();
        assert_eq!(takedown.status(), 202);
    }
    // As if the last check had begun a day ago.
    let status = world.machine.aws.status_table("x");
    let mut state = status.compliance().await.unwrap().unwrap();
    let last = state.last.as_mut().unwrap();
    last.begun_at = last.begun_at.before(Duration::from_secs(24 * 60 * 60));
    assert_eq!(status.save_compliance(&mut state).await.unwrap(), stream::Saved::Saved);
    let both = |stream: &Value| {
        let outcome = &stream["compliance"]["lastCheck"]["outcome"];
        outcome["deleted"].as_u64() >= Some(1) && outcome["scrubGeo"].as_u64() >= Some(1)
    };
    world.until("both are found", "GET /stream", both).await;
}

/// Makes the consumer store, edit and remove posts, and give up on messages.
async fn consume(world: &World) {
    let url = world.machine.aws.queue_url("TweetsFifoQueue.fifo");
    let sqs = aws_sdk_sqs::Client::new(world.machine.aws.sdk());
    let post = |id: &str, edited: Option<&str>| -> Post {
        let date = UtcTime::now();
        let post =
            json!({ "tweetId": id, "createDate": date, "text": "text", "country": "LT", "editedAt": edited });
        serde_json::from_value(post).unwrap()
    };
    let version = Post { first_version: Some("6".parse().unwrap()), ..post("7", None) };
    let mut parcels = Vec::new();
    for posts in
        [vec![post("1", None), post("2", None), version], vec![post("1", Some("2030-01-01T00:00:00Z"))]]
    {
        let mut parcel = Parcel::new("rust".parse().unwrap());
        for post in posts {
            parcel.add(&EncodedPost::encode((&post).into(), post.create_date).unwrap());
        }
        parcels.push(parcel);
    }
    let mut removal = Parcel::new("rust".parse().unwrap());
    removal.remove(&"2".parse().unwrap());
    parcels.push(removal);
    let bodies = parcels.iter().map(|parcel| ("rust", parcel.body()));
    let poison = ["a", "b", "c"].map(|group| (group, "not json".to_owned()));
    for (number, (group, body)) in bodies.chain(poison).enumerate() {
        let message = sqs.send_message().queue_url(&url).message_body(body).message_group_id(group);
        message.message_deduplication_id(number.to_string()).send().await.unwrap();
    }
    let given_up = |letters: &Value| letters["letters"].as_array().unwrap().len() == 3;
    world.until("three are given up", "GET /deadLetters", given_up).await;
    let removed = |page: &Value| page["tweets"].as_array().unwrap().len() == 2;
    world.until("one is removed", "GET /tweets?keyword=rust", removed).await;
}

/// Sends the API every kind of request that the other steps do not.
async fn use_the_api(world: &World) {
    for request in [
        "GET /stream/estimate?keyword=zebra",
        "GET /tweets/1",
        "GET /tweetsStatistics?keyword=rust",
        "GET /tweetsStatistics",
        "GET /tweetsStatistics?source=cloudwatch",
        "DELETE /tweets/1",
    ] {
        world.ask(request, None).await;
    }
    let hours = json!({ "from": UtcTime::now().before(Duration::from_secs(3600)), "to": UtcTime::now() });
    world.ask("POST /tweetsStatistics/restate", Some(hours)).await;
    let letters = world.ask("GET /deadLetters", None).await;
    let id = |number: usize| letters["letters"][number]["id"].as_str().unwrap().to_owned();
    world.ask(&format!("DELETE /deadLetters/{}", id(0)), None).await;
    world.ask(&format!("POST /deadLetters/{}/redrive", id(1)), None).await;
    world.ask("POST /deadLetters/redrive", None).await;
    // The minute publishes the counts that have changed.
    tokio::time::sleep(Duration::from_secs(61)).await;
    for request in [
        "DELETE /tweets?keyword=rust&confirm=rust&counts=true",
        "DELETE /tweets?all=true&confirm=everything&counts=true",
    ] {
        let receipt = world.ask(request, None).await;
        let show = format!("GET /forgotten/{}", receipt["id"].as_str().unwrap());
        world.until("it is forgotten", &show, |receipt| receipt["state"] == "done").await;
    }
}

/// Looks at the page and sends it a form, as a browser does that has signed in.
async fn use_the_page(world: &World) {
    let url = format!("http://{}", world.machine.api);
    let cookie = format!("aviary={}", world.key);
    let view = world.http.get(&url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(view.status(), 200);
    let form = world.http.post(format!("{url}/stop")).header("cookie", cookie).header("origin", &url);
    let answer = form.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

#[test]
fn each_role_allows_exactly_what_its_program_does() {
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let by_all = Arc::clone(&seen);
    virtually(async move {
        let world = World::start(by_all).await;
        start_and_stop(&world).await;
        check_compliance(&world).await;
        consume(&world).await;
        use_the_page(&world).await;
        use_the_api(&world).await;
    });
    let seen = seen.lock().unwrap();
    let (template, if_traced) = (Template::read(), Template::read_if(&["IsTraced"]));
    // Without the condition there is no such policy to be named.
    assert_eq!(template.resource("TracingPolicy")["Condition"], *"IsTraced");
    let name = |role: &str| role.trim_end_matches("Role").to_lowercase();
    let roles = template.of_type("AWS::IAM::Role");
    let roles: Vec<&String> = roles.keys().filter(|role| *role != "StreamerExecutionRole").collect();
    let mut callers: Vec<String> = roles.iter().map(|role| name(role)).collect();
    callers.sort_unstable();
    assert_eq!(callers, seen.keys().cloned().collect::<Vec<_>>());
    for role in roles {
        let (own_log, allowed): (BTreeSet<_>, BTreeSet<_>) =
            template.allowed(role).into_iter().partition(|(action, _)| action.starts_with("logs:"));
        let log = role.replace("Role", "Log");
        if role != "StreamerRole" {
            let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
            assert_eq!(own_log, actions.map(|action| (action.to_owned(), log.clone())).into());
        }
        let mut needed = seen[&name(role)].clone();
        // Only X is read here. Mastodon's streamer is the same program, and is started and woken in the same way.
        for (of_x, of_mastodon) in [
            ("StreamCloseQueue", "MastodonCloseQueue"),
            ("task-definition/aviary-streamer", "task-definition/aviary-mastodon"),
        ] {
            let of_x: Vec<_> = needed.iter().filter(|(_, resource)| resource == of_x).cloned().collect();
            needed.extend(of_x.into_iter().map(|(action, _)| (action, of_mastodon.to_owned())));
        }
        if role == "ConsumerRole" {
            // The event source mapping uses the function's role.
            let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
            needed.extend(actions.map(|action| (action.to_owned(), "TweetsFifoQueue".to_owned())));
        }
        if role == "MinuteRole" {
            // Lambda uses the function's role to put aside what failed.
            needed.insert(("sqs:SendMessage".to_owned(), "FailedEventsQueue".to_owned()));
        }
        // The exception: X-Ray is written to by Lambda, in the function's name, where the functions' calls are traced.
        let actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        let traced = actions.map(|action| (action.to_owned(), "*".to_owned()));
        let traced = if role == "StreamerRole" { BTreeSet::new() } else { BTreeSet::from(traced) };
        let more: BTreeSet<_> =
            if_traced.allowed(role).difference(&template.allowed(role)).cloned().collect();
        assert_eq!(more, traced, "{role}");
        let missing: Vec<_> = needed.difference(&allowed).collect();
        let idle: Vec<_> = allowed.difference(&needed).collect();
        assert!(missing.is_empty() && idle.is_empty(), "{role} lacks {missing:?}, never uses {idle:?}");
    }
}
