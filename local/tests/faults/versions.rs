//! Edits that are posts of their own (X): whatever arrives first, and whatever fails, the newest version is listed and counted.

use std::path::Path;
use std::time::Duration;

use local::{Call, Machine};
use posts::envelope::{EncodedPost, Parcel};
use posts::tweets::{Correction, Detail, Order, PostFilter, PostQuery, StoredPost, TweetsTable, Versions};
use posts::{Keyword, Post};
use serde_json::json;
use tokio::time::Instant;
use utc_time::UtcTime;

use crate::failing_calls::{self, Calls, Failure};
use crate::virtual_time::{folder, virtually};
use crate::world::idle_machine;

/// How long anything may take (virtual).
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// A version of a post whose versions are 11, 12, 13, …; each is from another country. Another id is a post by itself.
fn version(id: u32) -> Post {
    let countries = ["LT", "LV", "EE"];
    let of_chain = (11..20).contains(&id);
    let post = json!({
        "tweetId": id.to_string(), "createDate": UtcTime::now(), "text": format!("version {id}"),
        "country": of_chain.then(|| countries[id as usize % 3]), "countrySource": of_chain.then_some("place"),
        "editOf": (of_chain && id > 11).then(|| (id - 1).to_string()),
        "firstVersion": (of_chain && id > 11).then_some("11"),
    });
    serde_json::from_value(post).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn keyword(name: &str) -> Keyword {
    name.parse().unwrap()
}

async fn insert(tweets: &TweetsTable, name: &str, ids: &[u32]) -> usize {
    let posts: Vec<Post> = ids.iter().map(|id| version(*id)).collect();
    tweets.insert(&keyword(name), &posts, UtcTime::now(), soon()).await.unwrap().new
}

/// The ids under a keyword, in order.
async fn listed(tweets: &TweetsTable, name: &str, versions: Versions) -> Vec<u32> {
    let query = PostQuery {
        filter: PostFilter { versions, ..PostFilter::default() },
        ..PostQuery::all(keyword(name), Order::OldestFirst)
    };
    let page = tweets.page(&query, 100, None, Detail::Whole).await.unwrap();
    let id = |stored: &StoredPost| stored.post.tweet_id.as_str().parse::<u32>().unwrap();
    let mut ids: Vec<u32> = page.posts.iter().map(id).collect();
    ids.sort_unstable();
    ids
}

/// Asserts that these ids are listed under a keyword, and those of them that are newest; and that the counts equal both, country by country.
async fn assert_listed(machine: &Machine, name: &str, all: &[u32], newest: &[u32]) {
    let (tweets, statistics) = (machine.aws.tweets_table(), machine.aws.statistics_table());
    assert_eq!(listed(&tweets, name, Versions::All).await, all);
    assert_eq!(listed(&tweets, name, Versions::Newest).await, newest);
    let now = UtcTime::now();
    let from = now.before(Duration::from_secs(24 * 3600));
    let minutes = statistics.minutes(&keyword(name), from, now).await.unwrap();
    let sum =
        minutes.iter().fold((0, 0), |(all, newest), count| (all + count.stored(), newest + count.newest()));
    assert_eq!(sum, (all.len() as u64, newest.len() as u64), "{name}: {minutes:?}");
    let counts = statistics.between(&keyword(name), from, now).await.unwrap();
    for code in [Some("LT"), Some("LV"), Some("EE"), None] {
        let of = |id: &&u32| version(**id).country.map(|country| country.as_str()) == code;
        let counts =
            counts.iter().filter(|count| count.country.as_ref().map(|country| country.as_str()) == code);
        let (stored, counted) =
            counts.fold((0, 0), |(all, newest), count| (all + count.stored(), newest + count.newest()));
        assert_eq!(stored, all.iter().filter(of).count() as u64, "{name} {code:?}");
        assert_eq!(counted, newest.iter().filter(of).count() as u64, "{name} {code:?}");
    }
}

#[test]
fn the_newest_version_is_listed_and_counted_whichever_arrives_first() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let tweets = machine.aws.tweets_table();
        for (number, order) in
            [[11, 12, 13], [11, 13, 12], [12, 11, 13], [12, 13, 11], [13, 11, 12], [13, 12, 11]]
                .into_iter()
                .enumerate()
        {
            // One after another, and all at once.
            for name in [format!("one{number}"), format!("all{number}")] {
                if name.starts_with("one") {
                    for (count, id) in order.iter().enumerate() {
                        assert_eq!(insert(&tweets, &name, &[*id]).await, 1);
                        let mut there = order[..=count].to_vec();
                        there.sort_unstable();
                        assert_listed(&machine, &name, &there, &there[count..]).await;
                    }
                } else {
                    assert_eq!(insert(&tweets, &name, &order).await, 3);
                }
                assert_eq!(insert(&tweets, &name, &order).await, 0, "again");
                assert_listed(&machine, &name, &[11, 12, 13], &[13]).await;
            }
        }
        // A version under one keyword supersedes none under another.
        insert(&tweets, "a", &[11, 30]).await;
        insert(&tweets, "b", &[13]).await;
        assert_listed(&machine, "a", &[11, 30], &[11, 30]).await;
        insert(&tweets, "c", &[11]).await;
        assert_listed(&machine, "c", &[11], &[11]).await;
        // Pages are full although some posts are left out.
        insert(&tweets, "d", &[11, 12, 13, 31, 32]).await;
        let query = PostQuery::all(keyword("d"), Order::OldestFirst);
        assert_eq!(tweets.page(&query, 3, None, Detail::Whole).await.unwrap().posts.len(), 3);
    });
}

#[test]
fn versions_that_arrive_at_once_see_each_other() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let tweets = machine.aws.tweets_table();
        for round in 0..20 {
            let name = format!("k{round}");
            let (one, two, three) = tokio::join!(
                insert(&tweets, &name, &[11]),
                insert(&tweets, &name, &[12]),
                insert(&tweets, &name, &[13])
            );
            assert_eq!((one, two, three), (1, 1, 1));
            assert_listed(&machine, &name, &[11, 12, 13], &[13]).await;
        }
    });
}

#[test]
fn removing_a_version_takes_all_and_none_comes_back() {
    for removed in [11, 12, 13] {
        virtually(async {
            let data = folder();
            let machine = idle_machine(data.path()).await;
            let tweets = machine.aws.tweets_table();
            insert(&tweets, "a", &[11, 12, 13, 30]).await;
            insert(&tweets, "b", &[12, 13]).await;
            let id = removed.to_string().parse().unwrap();
            let remove = async || tweets.remove_everywhere(&id, UtcTime::now(), soon()).await.unwrap();
            assert_eq!((remove().await, remove().await), (Correction::Made, Correction::NotNeeded));
            assert_eq!(insert(&tweets, "a", &[11, 12, 13, 14]).await, 0);
            assert_eq!(insert(&tweets, "c", &[14, 13, 12, 11]).await, 0);
            assert_listed(&machine, "a", &[30], &[30]).await;
            assert_listed(&machine, "b", &[], &[]).await;
            assert_listed(&machine, "c", &[], &[]).await;
        });
    }
}

#[test]
fn a_version_that_arrives_while_another_is_removed_does_not_stay() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let tweets = machine.aws.tweets_table();
        insert(&tweets, "a", &[11, 12]).await;
        let id = "11".parse().unwrap();
        let (removed, ..) = tokio::join!(
            tweets.remove_everywhere(&id, UtcTime::now(), soon()),
            insert(&tweets, "a", &[13]),
            insert(&tweets, "b", &[11]),
            insert(&tweets, "b", &[12])
        );
        assert_eq!(removed.unwrap(), Correction::Made);
        assert_listed(&machine, "a", &[], &[]).await;
        assert_listed(&machine, "b", &[], &[]).await;
    });
}

#[test]
fn a_superseded_version_may_lose_its_country() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (tweets, statistics) = (machine.aws.tweets_table(), machine.aws.statistics_table());
        insert(&tweets, "a", &[11, 12]).await;
        for id in ["11", "12"] {
            let scrub =
                async || tweets.scrub_place(&id.parse().unwrap(), UtcTime::now(), soon()).await.unwrap();
            assert_eq!((scrub().await, scrub().await), (Correction::Made, Correction::NotNeeded));
        }
        let now = UtcTime::now();
        let counts =
            statistics.between(&keyword("a"), now.before(Duration::from_secs(3600)), now).await.unwrap();
        let numbers = |country: Option<&str>| {
            let mut all = counts.iter().filter(|count| count.country.map(|own| own.as_str()) == country);
            all.next().map(|count| (count.collected, count.moved, count.stored(), count.newest())).unwrap()
        };
        // The second is 12 and supersedes the first.
        assert_eq!((numbers(Some("EE")), numbers(Some("LT"))), ((1, 1, 0, 0), (1, 1, 0, 0)));
        assert_eq!(numbers(None), (2, 0, 2, 1));
        assert_eq!(
            tweets.remove_everywhere(&"12".parse().unwrap(), now, soon()).await.unwrap(),
            Correction::Made
        );
        let counts =
            statistics.between(&keyword("a"), now.before(Duration::from_secs(3600)), now).await.unwrap();
        assert!(counts.iter().all(|count| (count.stored(), count.newest()) == (0, 0)), "{counts:?}");
    });
}

/// Whether a call belongs to storing.
fn is_of_storing(call: &Call) -> bool {
    call.caller == "consumer"
        && matches!(call.operation.as_str(), "BatchGetItem" | "TransactWriteItems" | "Query" | "GetItem")
        || call.caller == "control" && call.resource.as_deref() == Some("TweetsTable")
        || call.caller == "control" && call.operation == "TransactWriteItems"
}

async fn restart(machine: Machine, data: &Path) -> Machine {
    drop(machine);
    tokio::time::sleep(Duration::from_secs(2)).await;
    idle_machine(data).await
}

/// Has versions of two posts stored, and one of the posts removed by a user, while these calls fail. Returns the operations called.
async fn play(which: &[(usize, Failure)]) -> Vec<String> {
    let data = folder();
    let mut machine = idle_machine(data.path()).await;
    let url = machine.aws.queue_url("TweetsFifoQueue.fifo");
    let calls = Calls::that(is_of_storing);
    calls.fail(&machine.faults, which);
    let later = |id: u32| Post { first_version: Some("41".parse().unwrap()), ..version(id) };
    for (number, posts) in [
        vec![version(12), later(42), version(30)],
        vec![version(11), version(41), version(13)],
        vec![later(43), version(31)],
    ]
    .iter()
    .enumerate()
    {
        let mut parcel = Parcel::new(keyword("a"));
        posts
            .iter()
            .for_each(|post| parcel.add(&EncodedPost::encode(post.into(), post.create_date).unwrap()));
        let sqs = aws_sdk_sqs::Client::new(machine.aws.sdk());
        let message = sqs.send_message().queue_url(&url).message_body(parcel.body()).message_group_id("a");
        message.message_deduplication_id(number.to_string()).send().await.unwrap();
    }
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let (end, mut begun, mut removed) = (Instant::now() + PATIENCE, false, false);
    loop {
        let died = tokio::select! {
            () = calls.died.notified() => true,
            () = async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                let all = listed(&machine.aws.tweets_table(), "a", Versions::All).await;
                begun |= all.len() == 8;
                if begun && !removed {
                    let delete = http.delete(format!("http://{}/tweets/42", machine.api)).send().await;
                    // What failed is tried again; then it may be gone already.
                    removed = delete.is_ok_and(|answer| [204, 404].contains(&answer.status().as_u16()));
                }
            } => false,
        };
        if died {
            machine = restart(machine, data.path()).await;
            calls.fail(&machine.faults, which);
        } else if removed {
            break;
        }
        assert!(
            Instant::now() < end,
            "still {:?}",
            listed(&machine.aws.tweets_table(), "a", Versions::All).await
        );
    }
    machine.faults.end();
    assert_listed(&machine, "a", &[11, 12, 13, 30, 31], &[13, 30, 31]).await;
    calls.made()
}
fn single_failures(first: usize, step: usize) {
    let operations = ["BatchGetItem", "TransactWriteItems", "UpdateItem", "Query"];
    let _ = failing_calls::single_failures(|which| virtually(play(which)), &operations, first, step);
}

#[test]
fn a_sample_of_the_calls_that_store_versions_may_fail() {
    single_failures(2, 20);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_that_stores_versions_may_fail() {
    single_failures(0, 1);
}
