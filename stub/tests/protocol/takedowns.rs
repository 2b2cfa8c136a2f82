//! What authors and X take back or change.

use serde_json::{Value, json};

use crate::client::{SEARCH, STREAM, X, posts, read};

/// What a post shows in these tests.
const FIELDS: &str = "post.fields=geo,withheld&expansions=author_id,geo.place_id,edit_history_post_ids";

/// A stub that has posted about zebras, and posts no more; and its posts, the latest first.
async fn with_posts() -> (X, Vec<Value>) {
    let x = X::start(500.0).await;
    x.add("zebra").await;
    x.until("/control/posts", |all| all["posts"].as_array().unwrap().len() > 150).await;
    x.control("rate", json!({ "rate": 0 })).await;
    let all = found(&x).await;
    (x, all)
}

/// What search finds.
async fn found(x: &X) -> Vec<Value> {
    let page = x.json(&format!("{SEARCH}&max_results=100&{FIELDS}")).await;
    page["data"].as_array().unwrap().clone()
}

/// What the control path says of a post.
async fn known(x: &X, id: &Value) -> Value {
    let all = x.json("/control/posts").await;
    all["posts"].as_array().unwrap().iter().find(|post| post["id"] == *id).unwrap().clone()
}

fn id(post: &Value) -> &str {
    post["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_deleted_post_leaves_search_counts_and_look_ups() {
    let (x, all) = with_posts().await;
    let path = "/2/tweets/counts/recent?query=zebra";
    let total = x.json(path).await["meta"]["total_post_count"].as_u64().unwrap();
    let victim =
        all.iter().find(|post| post["edit_history_post_ids"].as_array().unwrap().len() == 1).unwrap();
    assert_eq!(known(&x, &victim["id"]).await["redaction"], Value::Null);
    let answer = x.control("takedowns", json!({ "id": victim["id"], "reason": "deleted" })).await;
    assert_eq!(answer, json!({ "ids": [victim["id"]] }));
    assert_eq!(known(&x, &victim["id"]).await["redaction"], "deleted");
    assert!(found(&x).await.iter().all(|post| post["id"] != victim["id"]));
    assert_eq!(x.json(path).await["meta"]["total_post_count"], total - 1);
    let look_up = x.json(&format!("/2/tweets?ids={}", id(victim))).await;
    assert!(look_up["data"].is_null());
    assert_eq!(look_up["errors"][0]["title"], "Not Found Error");
}

#[tokio::test]
async fn what_is_gone_is_not_recovered() {
    let (x, recovery) = X::enterprise(20).await;
    let recovered = async || posts(&x.get(&recovery).send().await.unwrap().text().await.unwrap());
    let all = recovered().await;
    let taken = x.control("takedowns", json!({ "id": all[0]["data"]["id"], "reason": "deleted" })).await;
    let left = recovered().await;
    assert_eq!(left.len() + taken["ids"].as_array().unwrap().len(), all.len());
    assert!(left.iter().all(|post| post["data"]["id"] != all[0]["data"]["id"]));
}

#[tokio::test]
async fn deleting_a_version_deletes_the_whole_chain() {
    let (x, all) = with_posts().await;
    let edited = all.iter().find(|post| post["edit_history_post_ids"].as_array().unwrap().len() > 1).unwrap();
    let history = edited["edit_history_post_ids"].as_array().unwrap();
    let answer = x.control("takedowns", json!({ "id": history[0], "reason": "deleted" })).await;
    let ids = answer["ids"].as_array().unwrap();
    assert!(history.iter().all(|version| ids.contains(version)), "{history:?} {ids:?}");
    for version in history {
        let look_up = x.json(&format!("/2/tweets?ids={}", version.as_str().unwrap())).await;
        assert!(look_up["data"].is_null());
    }
}

#[tokio::test]
async fn with_an_account_all_its_posts_go() {
    let (x, all) = with_posts().await;
    let first = &all[0];
    let second = all.iter().find(|post| post["author_id"] != first["author_id"]).unwrap();
    for (reason, victim) in [("suspended", first), ("protected", second)] {
        let author = &victim["author_id"];
        assert!(all.iter().filter(|post| post["author_id"] == *author).count() > 1);
        x.control("takedowns", json!({ "id": victim["id"], "reason": reason })).await;
        let left = found(&x).await;
        assert!(!left.is_empty() && left.iter().all(|post| post["author_id"] != *author));
        assert_eq!(known(&x, &victim["id"]).await["redaction"], reason);
    }
}

#[tokio::test]
async fn a_post_without_its_place_is_still_there() {
    let (x, all) = with_posts().await;
    let placed = all.iter().find(|post| post["geo"]["place_id"].is_string()).unwrap();
    x.control("takedowns", json!({ "id": placed["id"], "reason": "scrub_geo" })).await;
    let look_up = x.json(&format!("/2/tweets?ids={}&{FIELDS}", id(placed))).await;
    assert_eq!(look_up["data"][0]["id"], placed["id"]);
    assert!(look_up["data"][0]["geo"].is_null() && look_up["includes"]["places"].is_null());
}

#[tokio::test]
async fn an_edit_is_a_new_post_that_the_stream_delivers() {
    let (x, all) = with_posts().await;
    let original =
        all.iter().find(|post| post["edit_history_post_ids"].as_array().unwrap().len() == 1).unwrap();
    let stream = x.get(&format!("{STREAM}?tweet.fields=created_at")).send().await.unwrap();
    let edit = json!({ "id": original["id"], "edit": "A zebra, of course." });
    let new = x.control("takedowns", edit).await["ids"][0].clone();
    let (text, _) = read(stream, |text| text.contains("of course")).await;
    let history = json!([original["id"], new]);
    assert_eq!(posts(&text)[0]["data"]["edit_history_post_ids"], history);
    assert_eq!(posts(&text)[0]["data"]["id"], new);
    let now = found(&x).await;
    assert!(now.iter().any(|post| post["id"] == new && post["text"] == "A zebra, of course."));
    assert!(now.iter().all(|post| post["id"] != original["id"]));
    assert_eq!(known(&x, &original["id"]).await["superseded"], true);
    assert_eq!(known(&x, &new).await["superseded"], false);
}

#[tokio::test]
async fn a_withheld_post_says_where() {
    let (x, all) = with_posts().await;
    x.control("takedowns", json!({ "id": all[0]["id"], "withheld": ["DE", "FR"] })).await;
    let look_up = x.json(&format!("/2/tweets?ids={}&{FIELDS}", id(&all[0]))).await;
    let withheld = json!({ "copyright": false, "country_codes": ["DE", "FR"] });
    assert_eq!(look_up["data"][0]["withheld"], withheld);
}

#[tokio::test]
async fn a_takedown_is_of_one_kind_and_of_a_post_that_exists() {
    let (x, all) = with_posts().await;
    let id = &all[0]["id"];
    for wrong in [
        json!({ "id": id }),
        json!({ "id": id, "reason": "deleted", "edit": "both" }),
        json!({ "id": id, "reason": "unknown" }),
        json!({ "id": "x", "reason": "deleted" }),
    ] {
        let (status, answer) = x.post("/control/takedowns", wrong).await;
        assert!([400, 422].contains(&status) && answer["error"].is_string(), "{answer}");
    }
    assert_eq!(x.post("/control/takedowns", json!({ "id": "1", "reason": "deleted" })).await.0, 404);
    assert_eq!(x.post("/control/takedowns", json!({ "id": "1", "edit": "text" })).await.0, 404);
}
