//! The records of StreamStatusTable: requested keywords and gaps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::{Fate, Machine};
use posts::Keyword;
use serde_json::Value;
use stream::StreamStatusTable;
use stream::gaps::{Gap, GapState};
use stream::keyword_options::KeywordOptions;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::{all_gaps, idle_machine};

/// A machine that reads no stream, and the records of a stream.
struct World {
    machine: Machine,
    status: StreamStatusTable,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl World {
    /// The records of the stream `stream`; the machine's own stream is `x`.
    async fn start(stream: &str) -> Self {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let status = machine.aws.status_table(stream);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { machine, status, http, _data: data }
    }

    async fn ask(&self, method: reqwest::Method, path: &str) -> (u16, Value) {
        let answer =
            self.http.request(method, format!("http://{}{path}", self.machine.api)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn at(second: i64) -> UtcTime {
    let noon: UtcTime = "2026-11-25T12:00:00Z".parse().unwrap();
    UtcTime::from_millis(noon.as_millis() + second * 1000).unwrap()
}

fn keyword(number: usize) -> Keyword {
    format!("keyword {number:04}").parse().unwrap()
}

fn gap(keyword: &Keyword, from: i64, to: i64, state: GapState) -> Gap {
    let (cause, healed_by, posts, reason) = ("a test".to_owned(), None, 1, None);
    let (keyword, from, to) = (keyword.clone(), at(from), at(to));
    Gap {
        keyword,
        from,
        to,
        cause,
        state,
        healed_by,
        posts,
        reason,
        left: None,
        reposts: true,
        may_lack: None,
        history: None,
    }
}

#[test]
fn all_keywords_are_stopped_together_and_can_be_requested_again() {
    virtually(async {
        let world = World::start("another").await;
        let status = &world.status;
        let names = async || -> Vec<String> {
            let keywords = status.keywords().await.unwrap();
            keywords.into_iter().map(|status| status.keyword.to_string()).collect()
        };
        assert!(!status.has_keywords().await.unwrap());
        for number in 0..30 {
            status.add_keyword(&keyword(number), KeywordOptions::default(), at(0)).await.unwrap();
        }
        assert_eq!(names().await.len(), 30);
        assert!(status.has_keywords().await.unwrap());
        status.remove_all_keywords().await.unwrap();
        assert_eq!(names().await, [""; 0]);
        assert!(!status.has_keywords().await.unwrap());
        assert_eq!(status.remove_keyword(&keyword(1)).await.unwrap(), stream::keywords::Removed::NotFound);

        assert_eq!(
            status.add_keyword(&keyword(2), KeywordOptions::default(), at(1)).await.unwrap(),
            stream::Added::Added
        );
        assert_eq!(
            status.add_keyword(&keyword(2), KeywordOptions::default(), at(2)).await.unwrap(),
            stream::Added::AlreadyThere
        );
        status.delete_stopped_keywords().await.unwrap();
        let keywords = status.keywords().await.unwrap();
        assert_eq!(
            (keywords.len(), keywords[0].started_at),
            (1, at(1)),
            "a keyword that was requested again stays"
        );
        status.delete_stopped_keywords().await.unwrap();
        assert_eq!(status.remove_keyword(&keyword(2)).await.unwrap(), stream::keywords::Removed::Removed);
        assert_eq!(names().await, [""; 0]);
    });
}

#[test]
fn stopping_a_thousand_keywords_takes_one_write_and_is_atomic() {
    virtually(async {
        let world = World::start("x").await;
        for number in 0..1000 {
            world.status.add_keyword(&keyword(number), KeywordOptions::default(), at(0)).await.unwrap();
        }
        let deletes = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&deletes);
        world.machine.faults.judge(move |call| {
            if call.caller == "control" && call.operation == "DeleteItem" {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            Fate::Answered
        });
        let (status, stream) = world.ask(reqwest::Method::DELETE, "/stream").await;
        assert_eq!((status, &stream["desired"]), (202, &"stopped".into()));
        assert_eq!(deletes.load(Ordering::SeqCst), 0, "the answer does not wait for keywords to be deleted");
        assert!(world.status.keywords().await.unwrap().is_empty());
        // The minute deletes the stopped keywords.
        tokio::time::sleep(Duration::from_secs(70)).await;
        let late_deletes = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&late_deletes);
        world.machine.faults.judge(move |call| {
            let of_minute = call.caller == "minute" && call.operation == "DeleteItem";
            *counter.lock().unwrap() += usize::from(of_minute);
            Fate::Answered
        });
        tokio::time::sleep(Duration::from_secs(70)).await;
        assert_eq!(*late_deletes.lock().unwrap(), 0, "all stopped keywords were deleted in the first minute");
    });
}

#[test]
fn the_calls_of_get_stream_and_of_the_minute_do_not_grow_with_the_gaps() {
    virtually(async {
        let world = World::start("x").await;
        let rust: Keyword = "rust".parse().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        world.machine.faults.judge(move |call| {
            if ["read", "minute"].contains(&call.caller.as_str()) {
                let asked = call.request["ExpressionAttributeValues"].to_string();
                seen.lock().unwrap().push((
                    call.caller.clone(),
                    call.operation.clone(),
                    asked.contains("gap#"),
                ));
            }
            Fate::Answered
        });
        let cost = async || {
            calls.lock().unwrap().clear();
            let (status, stream) = world.ask(reqwest::Method::GET, "/stream").await;
            assert_eq!(status, 200);
            let read = calls.lock().unwrap().iter().filter(|(caller, ..)| caller == "read").count();
            calls.lock().unwrap().clear();
            tokio::time::sleep(Duration::from_secs(150)).await;
            let calls = calls.lock().unwrap();
            let of_minute: Vec<_> = calls.iter().filter(|(caller, ..)| caller == "minute").collect();
            // Each minute ends with a `PutItem`, so there is a whole minute between two of them.
            let ends: Vec<usize> =
                (0..of_minute.len()).filter(|index| of_minute[*index].1 == "PutItem").collect();
            let (first, last) = (ends[0], ends[ends.len() - 1]);
            let asked = of_minute[first..last].iter().filter(|(.., gaps)| *gaps).count();
            let minutes = ends.len() - 1;
            assert!(minutes >= 1 && asked % minutes == 0, "{of_minute:?}");
            (read, asked / minutes, stream)
        };
        // The first minute also notes where it begins.
        tokio::time::sleep(Duration::from_secs(90)).await;
        world.status.add_gap(&gap(&rust, 0, 1, GapState::Closed)).await.unwrap();
        let (read, minute, stream) = cost().await;
        assert_eq!(
            (&stream["gapCounts"]["closed"], stream["gaps"].as_array().unwrap().len()),
            (&1.into(), 1)
        );
        for number in 0..2_500 {
            world.status.add_gap(&gap(&rust, number, number + 2, GapState::Closed)).await.unwrap();
        }
        for number in 0..300 {
            world.status.add_gap(&gap(&rust, number, number + 2, GapState::Open)).await.unwrap();
        }
        let (more_read, more_minute, stream) = cost().await;
        assert_eq!((read, minute), (more_read, more_minute));
        assert_eq!(stream["gapCounts"]["closed"], 1000, "the count is capped");
        assert_eq!(stream["gapCounts"]["open"], 300);
        let shown = stream["gaps"].as_array().unwrap();
        assert_eq!(shown.len(), 120);
        assert_eq!(shown[0]["to"], at(301).to_string());

        // All of them can be listed page by page.
        let (mut cursor, mut open) = (String::new(), Vec::new());
        loop {
            let path = format!("/stream/gaps?state=open&limit=100{cursor}");
            let (status, page) = world.ask(reqwest::Method::GET, &path).await;
            assert_eq!(status, 200, "{page}");
            open.extend(page["gaps"].as_array().unwrap().iter().map(|gap| gap["to"].to_string()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(open.windows(2).all(|pair| pair[0] > pair[1]), "gaps must be listed latest first");
        assert_eq!(open.len(), 300);

        // Those of one keyword, which lie far apart, too.
        let go: Keyword = "go".parse().unwrap();
        let ends: Vec<i64> = (0..250).step_by(50).collect();
        for end in &ends {
            world.status.add_gap(&gap(&go, 0, *end, GapState::Open)).await.unwrap();
        }
        let (mut cursor, mut of_go) = (String::new(), Vec::new());
        for _ in 0..3 {
            let path = format!("/stream/gaps?keyword=go&limit=2{cursor}");
            let (_, page) = world.ask(reqwest::Method::GET, &path).await;
            of_go.extend(page["gaps"].as_array().unwrap().iter().map(|gap| gap["to"].clone()));
            cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap_or("none"));
        }
        assert_eq!(cursor, "&cursor=none");
        let latest_first: Vec<_> = ends.iter().rev().map(|end| serde_json::json!(at(*end))).collect();
        assert_eq!(of_go, latest_first);

        for wrong in
            ["state=closed&cursor=Z2Fw", "limit=0", "limit=101", "state=half", "keyword=", "keyword=%01"]
        {
            let (status, problem) = world.ask(reqwest::Method::GET, &format!("/stream/gaps?{wrong}")).await;
            assert!(status == 400 || status == 422, "{wrong}: {problem}");
        }
    });
}

#[test]
fn gap_records_are_bounded_by_merging_the_oldest() {
    virtually(async {
        let world = World::start("another").await;
        let status = &world.status;
        let (rust, go): (Keyword, Keyword) = ("rust".parse().unwrap(), "go".parse().unwrap());
        for number in 0..30 {
            status.add_gap(&gap(&rust, number * 10, number * 10 + 5, GapState::Open)).await.unwrap();
        }
        status.add_gap(&gap(&go, 0, 3, GapState::Open)).await.unwrap();
        assert_eq!(status.bound_gaps(GapState::Open, 31).await.unwrap(), 31);
        assert_eq!(all_gaps(status).await.len(), 31, "31 records are within the limit");
        // Fifteen of the oldest sixteen records are of the same keyword.
        assert_eq!(status.bound_gaps(GapState::Open, 30).await.unwrap(), 17);
        let gaps = all_gaps(status).await;
        assert_eq!(gaps.len(), 17);
        let folded = gaps.iter().find(|gap| gap.cause.contains("one record")).unwrap();
        assert_eq!((folded.from, folded.to, folded.posts), (at(0), at(145), 15));
        assert!(gaps.contains(&gap(&go, 0, 3, GapState::Open)), "the record of another keyword is unchanged");
        // If each is of another keyword, the oldest are deleted.
        for number in 0..10 {
            status.add_gap(&gap(&keyword(number), 0, 1, GapState::Closed)).await.unwrap();
        }
        assert_eq!(status.bound_gaps(GapState::Closed, 8).await.unwrap(), 8);
    });
}

#[test]
fn a_gap_is_changed_once_and_is_in_one_state_only() {
    virtually(async {
        let world = World::start("another").await;
        let status = &world.status;
        let healing = gap(&"rust".parse().unwrap(), 0, 9, GapState::Healing);
        status.add_gap(&healing).await.unwrap();
        let with_reason = Gap { reason: Some("later".to_owned()), ..healing.clone() };
        status.change_gap(&healing, &with_reason).await.unwrap();
        assert_eq!(all_gaps(status).await, std::slice::from_ref(&with_reason));
        let closed = Gap { state: GapState::Closed, reason: None, ..healing.clone() };
        status.change_gap(&with_reason, &closed).await.unwrap();
        // Later changes have no effect, whether a retry after a lost answer or an attempt to abandon the gap.
        status.change_gap(&with_reason, &closed).await.unwrap();
        status.change_gap(&with_reason, &with_reason.abandoned()).await.unwrap();
        status.change_gap(&with_reason, &with_reason).await.unwrap();
        assert_eq!(all_gaps(status).await, [closed]);
    });
}
