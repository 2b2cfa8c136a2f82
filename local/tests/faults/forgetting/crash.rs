//! Each call of forgetting may fail.

use std::time::Duration;

use local::Call;
use reqwest::Method;

use super::{ask, collected, done, keyword, letters, stored, sum};
use crate::failing_calls::{self, Calls, Failure};
use crate::hours::virtually_for_hours;
use crate::virtual_time::folder;
use crate::world::{all_gaps, idle_machine};

/// Whether a call belongs to forgetting.
fn is_of_forgetting(call: &Call) -> bool {
    let item = call.request["Key"]["item"]["S"].as_str().or(call.request["Item"]["item"]["S"].as_str());
    let prefix = call.request["ExpressionAttributeValues"][":prefix"]["S"].as_str();
    let of_status =
        item.or(prefix).is_some_and(|name| name.starts_with("forgetting#") || name.starts_with("gap#"));
    let of_tables = ["TweetsTable", "StatisticsTable"].map(Some).contains(&call.resource.as_deref());
    let of_letters = call.resource.as_deref() == Some("TweetsDeadLetterQueue.fifo")
        && call.operation != "GetQueueAttributes";
    let is_restating = call.request["IndexName"] == "byTouch" || call.request["IndexName"] == "byHour";
    let in_batches = call.operation.starts_with("Batch");
    call.caller == "minute" && (of_status || of_tables && !is_restating || of_letters || in_batches)
}

/// Has everything, or a keyword, forgotten while these calls fail. Returns the operations called.
async fn play(query: &str, which: &[(usize, Failure)]) -> Vec<String> {
    let data = folder();
    let mut machine = collected(data.path()).await;
    let mut before = stored(&machine, "rust").await.0;
    if query.starts_with("all") {
        before.extend(stored(&machine, "go").await.0);
    }
    let (status, receipt) = ask(&machine, Method::DELETE, &format!("/tweets?{query}"), None).await;
    assert_eq!(status, 202);
    let calls = Calls::that(is_of_forgetting);
    calls.fail(&machine.faults, which);
    let id = receipt["id"].as_str().unwrap().to_owned();
    let receipt = loop {
        tokio::select! {
            () = calls.died.notified() => {}
            receipt = done(&machine, &id) => break receipt,
        }
        drop(machine);
        tokio::time::sleep(Duration::from_secs(2)).await;
        machine = idle_machine(data.path()).await;
        calls.fail(&machine.faults, which);
    };
    machine.faults.end();
    assert_eq!(stored(&machine, "rust").await, (vec![], 0));
    let (ids, counted) = stored(&machine, "go").await;
    assert!(counted == ids.len() as u64 && ids.is_empty() == query.starts_with("all"), "{ids:?}");
    assert_eq!(receipt["deleted"]["posts"], before.len(), "{receipt:#}");
    assert_eq!(receipt["deleted"]["postIds"], sum(&before));
    let left = all_gaps(&machine.aws.status_table("x")).await;
    assert!(left.iter().all(|gap| gap.keyword == keyword("go")), "{left:?}");
    assert_eq!(letters(&machine).await, u64::from(!query.starts_with("all")));
    calls.made()
}
const OF_ONE: &str = "keyword=rust&confirm=rust&counts=true";
const OF_ALL: &str = "all=true&confirm=everything&counts=true";

fn single_failures(query: &'static str, first: usize, step: usize) {
    let operations = ["BatchGetItem", "BatchWriteItem", "PutItem", "DeleteItem", "ReceiveMessage"];
    let _ = failing_calls::single_failures(
        |which| virtually_for_hours(play(query, which)),
        &operations,
        first,
        step,
    );
}

#[test]
fn a_sample_of_the_calls_that_forget_may_fail() {
    single_failures(OF_ONE, 2, 24);
    single_failures(OF_ALL, 7, 48);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_that_forgets_a_keyword_may_fail() {
    single_failures(OF_ONE, 0, 1);
}

#[test]
#[ignore = "takes minutes; `.ci/run` plays every call"]
fn each_call_that_forgets_everything_may_fail() {
    single_failures(OF_ALL, 0, 1);
}
