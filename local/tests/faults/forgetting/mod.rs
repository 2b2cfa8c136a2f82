//! Forgetting a keyword, or everything: it is gone, nothing under way brings it back, and the receipt says exactly what was deleted.

mod crash;

use std::path::Path;
use std::time::Duration;

use local::forget::ForgetOrder;
use local::{Fate, Machine};
use posts::envelope::{EncodedPost, Parcel};
use posts::tweets::{Detail, IdSum, Order, PostFilter, PostQuery, Versions};
use posts::{Keyword, Post};
use reqwest::Method;
use serde_json::{Value, json};
use stream::forgetting::Forgetting;
use stream::gaps::{Gap, GapState};
use stream::keyword_options::KeywordOptions;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::hours::virtually_for_hours;
use crate::virtual_time::folder;
use crate::world::{all_gaps, idle_machine};

/// How long forgetting may take, failures included (virtual).
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// The posts of the keyword that is forgotten: more than are looked at in one step. The last is an edit of the first.
const POSTS: u32 = 230;

fn keyword(name: &str) -> Keyword {
    name.parse().unwrap()
}

fn post(id: u32) -> Post {
    let edit = (id == POSTS).then_some("1");
    let post = json!({
        "tweetId": id.to_string(), "createDate": UtcTime::now().before(Duration::from_secs(u64::from(id % 7))), "text": "a text",
        "country": id.is_multiple_of(2).then_some("LT"), "editOf": edit, "firstVersion": edit,
    });
    serde_json::from_value(post).unwrap()
}

fn parcel(name: &str, ids: &[u32]) -> String {
    let mut parcel = Parcel::new(keyword(name));
    ids.iter().for_each(|id| parcel.add(&EncodedPost::encode((&post(*id)).into(), UtcTime::now()).unwrap()));
    parcel.body()
}

/// A machine that reads nothing, with posts of two keywords, one of which is removed, gaps and dead letters.
async fn collected(data: &Path) -> Machine {
    let machine = idle_machine(data).await;
    let (tweets, status, now) = (machine.aws.tweets_table(), machine.aws.status_table("x"), UtcTime::now());
    let soon = Instant::now() + Duration::from_secs(600);
    let posts: Vec<Post> = (1..=POSTS).map(post).collect();
    tweets.insert(&keyword("rust"), &posts, now, soon).await.unwrap();
    tweets.insert(&keyword("go"), &posts[..5], now, soon).await.unwrap();
    tweets.remove(&keyword("rust"), &"3".parse().unwrap(), now, soon).await.unwrap();
    for (name, state) in [("rust", GapState::Open), ("rust", GapState::Closed), ("go", GapState::Open)] {
        let gap = json!({
            "keyword": name, "from": now.before(Duration::from_secs(60)), "to": now, "cause": "a test",
            "state": serde_json::to_value(state).unwrap(),
        });
        status.add_gap(&serde_json::from_value::<Gap>(gap).unwrap()).await.unwrap();
    }
    for (name, id) in [("rust", 901), ("go", 902), ("rust", 903)] {
        let letters = machine.aws.dead_letter_queue();
        letters.put(&format!("letter{id}"), None, name, &parcel(name, &[id]), "an outage").await.unwrap();
    }
    machine
}

async fn ask(machine: &Machine, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut request = http.request(method, format!("http://{}{path}", machine.api));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

/// Waits until it is done; returns the receipt.
async fn done(machine: &Machine, id: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let (status, receipt) = ask(machine, Method::GET, &format!("/forgotten/{id}"), None).await;
        if status == 200 && receipt["state"] == "done" {
            return receipt;
        }
        assert!(Instant::now() < end, "{receipt:#}");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

async fn forget(machine: &Machine, query: &str) -> Value {
    let (status, receipt) = ask(machine, Method::DELETE, &format!("/tweets?{query}"), None).await;
    assert_eq!(status, 202, "{receipt}");
    done(machine, receipt["id"].as_str().unwrap()).await
}

/// The ids that are stored under a keyword, in every version, and how many posts its counts say there are.
async fn stored(machine: &Machine, name: &str) -> (Vec<String>, u64) {
    let filter = PostFilter { versions: Versions::All, ..PostFilter::default() };
    let query = PostQuery { filter, ..PostQuery::all(keyword(name), Order::OldestFirst) };
    let page = machine.aws.tweets_table().page(&query, 1000, None, Detail::Attributes).await.unwrap();
    let (from, to) = (UtcTime::now().before(Duration::from_secs(24 * 3600)), UtcTime::now());
    let counts = machine.aws.statistics_table().between(&keyword(name), from, to).await.unwrap();
    let ids = page.posts.into_iter().map(|stored| stored.post.tweet_id.to_string());
    (ids.collect(), counts.iter().map(|count| count.stored()).sum())
}

fn sum<'a>(ids: impl IntoIterator<Item = &'a String>) -> String {
    let mut sum = IdSum::default();
    ids.into_iter().for_each(|id| sum.add(id));
    sum.to_string()
}

async fn letters(machine: &Machine) -> u64 {
    machine.aws.dead_letter_queue().count().await.unwrap()
}

async fn send(machine: &Machine, name: &str, ids: &[u32]) {
    let sqs = aws_sdk_sqs::Client::new(machine.aws.sdk());
    let message = sqs.send_message().queue_url(machine.aws.queue_url("TweetsFifoQueue.fifo"));
    let message = message.message_body(parcel(name, ids)).message_group_id(name);
    message.message_deduplication_id(format!("{name}-{ids:?}").replace([' ', ','], "")).send().await.unwrap();
}

#[test]
fn a_keyword_is_forgotten_and_others_are_not() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let (before, _) = stored(&machine, "rust").await;
        let others = stored(&machine, "go").await;
        let receipt = forget(&machine, "keyword=rust&confirm=rust&counts=true").await;
        assert_eq!(stored(&machine, "rust").await, (vec![], 0));
        assert_eq!(stored(&machine, "go").await, others);
        let deleted = &receipt["deleted"];
        assert_eq!((&deleted["posts"], &deleted["postIds"]), (&json!(POSTS - 1), &json!(sum(&before))));
        assert_eq!(
            (&deleted["gaps"], &deleted["deadLetters"], &deleted["remains"]),
            (&json!(2), &json!(2), &json!(1))
        );
        // An hour, or two if another one began meanwhile.
        assert!((1..=2).contains(&deleted["counts"].as_u64().unwrap()), "{receipt}");
        assert_eq!(receipt["from"].as_array().unwrap().len(), 4);
        let gaps = all_gaps(&machine.aws.status_table("x")).await;
        assert!(gaps.len() == 1 && gaps[0].keyword == keyword("go"), "{gaps:?}");
        assert_eq!(letters(&machine).await, 1);
        let (_, listed) = ask(&machine, Method::GET, "/forgotten", None).await;
        assert_eq!(listed["receipts"], json!([receipt]));
        // Once more: there is nothing left, and there is another receipt.
        let again = forget(&machine, "keyword=rust&confirm=rust&counts=true").await;
        assert_eq!(
            (&again["deleted"]["posts"], &again["deleted"]["postIds"]),
            (&json!(0), &json!("0".repeat(64)))
        );
        // What is sent from now on is stored again.
        send(&machine, "rust", &[1, 2]).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(stored(&machine, "rust").await.1, 2);
    });
}

#[test]
fn counts_stay_unless_they_are_to_be_forgotten() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let (_, counted) = stored(&machine, "rust").await;
        let receipt = forget(&machine, "keyword=rust&confirm=rust").await;
        assert_eq!(stored(&machine, "rust").await, (vec![], counted));
        assert_eq!((&receipt["deleted"]["counts"], &receipt["counts"]), (&json!(0), &json!(false)));
    });
}

#[test]
fn everything_is_forgotten_also_what_was_left_of_removed_posts() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let (mut before, go) = (stored(&machine, "rust").await.0, stored(&machine, "go").await.0);
        before.extend(go);
        let receipt = forget(&machine, "all=true&confirm=everything&counts=true").await;
        let deleted = &receipt["deleted"];
        assert_eq!((&deleted["posts"], &deleted["postIds"]), (&json!(before.len()), &json!(sum(&before))));
        // The post that was removed, its tombstone, and the note of an edit.
        assert_eq!(
            (&deleted["remains"], &deleted["gaps"], &deleted["deadLetters"]),
            (&json!(3), &json!(3), &json!(3))
        );
        for name in ["rust", "go"] {
            assert_eq!(stored(&machine, name).await, (vec![], 0));
        }
        assert_eq!((all_gaps(&machine.aws.status_table("x")).await.len(), letters(&machine).await), (0, 0));
    });
}

#[test]
fn what_is_left_of_earlier_forgetting_does_not_keep_it_from_ending() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let (tweets, status, now) =
            (machine.aws.tweets_table(), machine.aws.status_table("x"), UtcTime::now());
        // More barriers than are read at a time, and more receipts than are shown.
        for number in 0..220 {
            let earlier = keyword(&format!("earlier {number}"));
            let what = posts::tweets::Forgotten::Keyword(earlier.clone());
            tweets.put_barrier(&what, now, now).await.unwrap();
            // All in one millisecond.
            let mut receipt = Forgetting::new(Some(earlier), false, Vec::new(), now);
            if number > 0 {
                receipt.ended_at = Some(now);
            }
            status.begin_forgetting(&mut receipt).await.unwrap();
        }
        assert_eq!(status.forgettings().await.unwrap().len(), 100);
        let unfinished = status.unfinished_forgettings().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        let receipt = forget(&machine, "all=true&confirm=everything").await;
        assert_eq!(receipt["deleted"]["posts"], POSTS - 1 + 5);
        done(&machine, &unfinished[0].id).await;
    });
}

#[test]
fn what_was_on_the_queue_when_its_keyword_was_forgotten_is_dropped() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        // The consumer can store nothing, so messages wait.
        machine.faults.judge(|call| {
            let stores = call.caller == "consumer" && call.operation == "TransactWriteItems";
            if stores { Fate::FailsBefore } else { Fate::Answered }
        });
        send(&machine, "rust", &[5, 6, 1001, POSTS]).await;
        send(&machine, "go", &[5, 6, 1001]).await;
        let (status, receipt) =
            ask(&machine, Method::DELETE, "/tweets?keyword=rust&confirm=rust&counts=true", None).await;
        assert_eq!(status, 202);
        // A dead letter is redriven before it could be deleted.
        assert_eq!(ask(&machine, Method::POST, "/deadLetters/redrive", None).await.0, 202);
        let receipt = done(&machine, receipt["id"].as_str().unwrap()).await;
        machine.faults.end();
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(stored(&machine, "rust").await, (vec![], 0), "{receipt:#}");
        let (ids, counted) = stored(&machine, "go").await;
        assert!(
            ids.contains(&"1001".to_owned())
                && ids.contains(&"902".to_owned())
                && counted == ids.len() as u64,
            "{ids:?}"
        );
    });
}

#[test]
fn what_is_collected_is_not_forgotten_and_what_is_forgotten_is_not_collected() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let status = machine.aws.status_table("x");
        let refused = async |method: Method, path: &str, body: Option<Value>, detail: &str| {
            let (status, problem) = ask(&machine, method, path, body).await;
            assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
            status
        };
        let requests = [
            ("keyword=rust&confirm=go", "must be \"rust\"; got \"go\""),
            ("all=true&confirm=rust", "must be \"everything\"; got \"rust\""),
            ("confirm=rust", "must be true if `keyword` is absent"),
            ("keyword=rust&all=true&confirm=rust", "must be true if `keyword` is absent, and only then"),
        ];
        for (query, detail) in requests {
            assert_eq!(refused(Method::DELETE, &format!("/tweets?{query}"), None, detail).await, 422);
        }
        assert_eq!(refused(Method::DELETE, "/tweets?keyword=rust", None, "confirm").await, 400);
        assert_eq!(refused(Method::GET, "/forgotten/1", None, "there is no receipt").await, 404);
        status.add_keyword(&keyword("rust"), KeywordOptions::default(), UtcTime::now()).await.unwrap();
        let (of_one, of_all) = ("/tweets?keyword=rust&confirm=rust", "/tweets?all=true&confirm=everything");
        assert_eq!(
            refused(Method::DELETE, of_one, None, "\"rust\" is being collected; stop it first").await,
            409
        );
        assert_eq!(
            refused(Method::DELETE, of_all, None, "keywords are being collected; stop them first").await,
            409
        );
        assert_eq!(ask(&machine, Method::GET, "/forgotten", None).await.1, json!({ "receipts": [] }));
        let (_, posts) = stored(&machine, "rust").await;
        assert!(posts > 0);

        status.remove_keyword(&keyword("rust")).await.unwrap();
        let (_, first) = ask(&machine, Method::DELETE, of_one, None).await;
        let (code, second) = ask(&machine, Method::DELETE, of_one, None).await;
        assert_eq!((code, &second["id"]), (202, &first["id"]), "it is under way already");
        let start = Some(json!({ "keyword": "rust" }));
        assert_eq!(refused(Method::POST, "/stream", start.clone(), "is being forgotten").await, 409);
        // It is started all the same, by a program that has not looked.
        status.add_keyword(&keyword("rust"), KeywordOptions::default(), UtcTime::now()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(130)).await;
        let id = first["id"].as_str().unwrap();
        let (_, waiting) = ask(&machine, Method::GET, &format!("/forgotten/{id}"), None).await;
        assert_eq!(
            (&waiting["state"], &waiting["waiting"]),
            (&json!("underWay"), &json!("it is being collected; stop it first"))
        );
        send(&machine, "rust", &[2001]).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(stored(&machine, "rust").await.0.contains(&"2001".to_owned()), "it is collected meanwhile");
        status.remove_keyword(&keyword("rust")).await.unwrap();
        done(&machine, id).await;
        assert_eq!(ask(&machine, Method::POST, "/stream", start).await.0, 202);
    });
}

#[test]
fn a_folder_is_forgotten_from_the_terminal() {
    virtually_for_hours(async {
        let data = folder();
        let machine = collected(data.path()).await;
        let order = |confirm: &str| ForgetOrder {
            keyword: Some("rust".to_owned()),
            confirm: confirm.to_owned(),
            counts: true,
        };
        let error = order("rust").in_folder(data.path()).await.unwrap_err().to_string();
        assert!(error.contains("is in use; name its API instead"), "{error}");
        let url = format!("http://{}/", machine.api);
        let error = order("go").through(&url, None).await.unwrap_err().to_string();
        assert!(error.contains("answered 422") && error.contains("must be \"rust\""), "{error}");
        let (_, before) = stored(&machine, "rust").await;
        assert!(before > 0);
        drop(machine);
        let error = order("rust").in_folder(&data.path().join("none")).await.unwrap_err().to_string();
        assert!(error.contains("there is no folder"), "{error}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        order("rust").in_folder(data.path()).await.unwrap();
        let machine = idle_machine(data.path()).await;
        assert_eq!(stored(&machine, "rust").await, (vec![], 0));
        assert_eq!(stored(&machine, "go").await.1, 5);
    });
}
