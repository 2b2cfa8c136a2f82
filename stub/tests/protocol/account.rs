//! What the account has read, and what happens when it may read no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{RULES, SEARCH, STREAM, X, posts, read, rest};

/// What a post costs, in micro-dollars.
const POST: u64 = 5_000;

/// A stub that has posted at least 50 posts about zebras, and posts no more.
async fn with_posts() -> X {
    let x = X::start(500.0).await;
    x.add("zebra").await;
    x.until("/control/posts", |all| all["posts"].as_array().unwrap().len() > 50).await;
    x.control("rate", json!({ "rate": 0 })).await;
    x
}

fn posts_today(usage: &Value) -> u64 {
    usage["days"].as_array().unwrap().last().map_or(0, |day| day["posts"].as_u64().unwrap())
}

#[tokio::test]
async fn usage_counts_each_post_once_a_day_over_the_stream_search_and_look_ups() {
    let x = with_posts().await;
    let page = x.json(&format!("{SEARCH}&max_results=20&expansions=author_id")).await;
    let found: Vec<&str> =
        page["data"].as_array().unwrap().iter().map(|post| post["id"].as_str().unwrap()).collect();
    let authors = page["includes"]["users"].as_array().unwrap().len();
    let usage = x.json("/control/usage").await;
    assert_eq!((posts_today(&usage), usage["days"][0]["users"].as_u64()), (20, Some(authors as u64)));
    x.json(&format!("{SEARCH}&max_results=20")).await;
    x.json(&format!("/2/tweets?ids={},{},1", found[0], found[1])).await;
    assert_eq!(posts_today(&x.json("/control/usage").await), 20, "the same posts");
    let all = x.json("/control/posts").await;
    let mut others = all["posts"].as_array().unwrap().iter().map(|post| post["id"].as_str().unwrap());
    let other = others.find(|id| !found.contains(id)).unwrap();
    x.json(&format!("/2/tweets?ids={},{other}", found[2])).await;
    assert_eq!(posts_today(&x.json("/control/usage").await), 21, "one of these is another");

    x.control("rate", json!({ "rate": 500 })).await;
    let (text, _) = read(x.connect().await, |text| text.matches("\r\n").count() > 30).await;
    x.control("rate", json!({ "rate": 0 })).await;
    x.until_nobody_reads().await;
    let streamed: BTreeSet<String> = posts(&text).iter().map(|post| post["data"]["id"].to_string()).collect();
    let usage = x.json("/control/usage").await;
    assert!(posts_today(&usage) >= 21 + streamed.len() as u64);
    let delivered = x.json("/control/posts").await;
    let delivered =
        delivered["posts"].as_array().unwrap().iter().filter(|post| post["delivered"] != 0).count();
    assert_eq!(posts_today(&usage), 21 + delivered as u64, "what the stream delivered whole, and the others");

    let total = posts_today(&usage);
    assert_eq!(usage["days"][0]["microDollars"], total * POST, "users are free of charge");
    for path in ["recent", "recent", "all"] {
        assert_eq!(x.answer(&format!("/2/tweets/counts/{path}?query=zebra")).await.0, 200);
    }
    assert_eq!(x.answer("/2/tweets/counts/recent?query=(").await.0, 400);
    let usage = x.json("/control/usage").await;
    assert_eq!(usage["days"][0]["countsRequests"], 3, "what fails is not charged");
    assert_eq!(usage["days"][0]["microDollars"], total * POST + 20_000);
    assert_eq!(usage["cycle"]["microDollars"], usage["days"][0]["microDollars"]);

    let sums = x.json("/2/usage/tweets").await;
    let expected = json!({ "data": {
        "cap_reset_day": 1, "project_cap": "3000000", "project_id": "1", "project_usage": total.to_string(),
    } });
    assert_eq!(sums, expected, "numbers that are texts at X are texts");
    let days =
        x.json("/2/usage/tweets?days=90&usage.fields=daily_project_usage,daily_client_app_usage").await;
    let date = format!("{}T00:00:00.000Z", usage["days"][0]["date"].as_str().unwrap());
    let day = json!({ "date": date, "usage": total.to_string() });
    assert_eq!(days["data"]["daily_project_usage"], json!({ "project_id": "1", "usage": [day] }));
    let app = json!([{ "client_app_id": "1", "usage": [day], "usage_result_count": 1 }]);
    assert_eq!(days["data"]["daily_client_app_usage"], app);
    assert_eq!(x.answer("/2/usage/tweets?days=91").await.0, 400);
}

#[tokio::test]
async fn what_is_recovered_and_backfilled_is_counted_like_what_was_streamed() {
    let (x, recovery) = X::enterprise(50).await;
    let text = x.get(&recovery).send().await.unwrap().text().await.unwrap();
    let recovered = posts(&text).len() as u64;
    assert!(recovered > 50);
    assert_eq!(posts_today(&x.json("/control/usage").await), recovered);
    let backfill = x.get(&format!("{STREAM}?backfill_minutes=5")).send().await.unwrap();
    let (text, _) = read(backfill, |text| posts(text).len() as u64 == recovered).await;
    assert_eq!(posts(&text).len() as u64, recovered, "delivered again");
    assert_eq!(posts_today(&x.json("/control/usage").await), recovered, "and charged once");
}

#[tokio::test]
async fn without_credits_what_costs_is_refused_and_what_is_free_answers() {
    let x = with_posts().await;
    x.control("credits", json!({ "microDollars": 10 * POST })).await;
    let page = x.json(&format!("{SEARCH}&max_results=20")).await;
    assert_eq!(page["meta"]["result_count"], 20, "an answer is charged when it has been given");
    let account = &x.json("/control/usage").await["account"];
    assert_eq!(account["creditsMicroDollars"], -10 * i64::try_from(POST).unwrap());
    for path in
        [SEARCH, STREAM, "/2/tweets/search/all?query=a", "/2/tweets/counts/recent?query=a", "/2/tweets?ids=1"]
    {
        let answer = x.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 402, "{path}");
        assert!(answer.headers().contains_key("x-rate-limit-remaining"), "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["title"], "CreditsDepleted");
        assert_eq!(body["type"], "https://api.x.com/2/problems/credits");
        assert!(body["detail"].as_str().unwrap().contains("does not have any credits"));
    }
    for path in [RULES, "/2/usage/tweets", "/2/connections", "/2/compliance/jobs?type=tweets"] {
        assert_eq!(x.answer(path).await.0, 200, "{path}");
    }
    assert_eq!(x.json("/control/posts").await["refusals"], 0, "the client is not at fault");
    x.control("credits", json!({ "microDollars": null })).await;
    assert_eq!(x.answer(SEARCH).await.0, 200);
    assert_eq!(x.post("/control/credits", json!({})).await.0, 400);
    assert_eq!(x.post("/control/credits", json!({ "microDollars": -1 })).await.0, 400);
}

#[tokio::test]
async fn a_stream_that_uses_up_the_credits_says_so_and_ends() {
    let x = X::with(|options| (options.rate, options.credits) = (500.0, Some(20 * POST))).await;
    x.add("zebra").await;
    let text = rest(x.connect().await).await;
    let lines = posts(&text);
    let (last, delivered) = lines.split_last().unwrap();
    assert_eq!(last["errors"][0]["title"], "usage-capped");
    assert_eq!(last["errors"][0]["type"], "https://api.x.com/2/problems/usage-capped");
    assert!(delivered.len() >= 20, "{}", delivered.len());
    assert_eq!(posts_today(&x.json("/control/usage").await), delivered.len() as u64);
    assert_eq!(x.answer(STREAM).await.0, 402);
    x.control("credits", json!({ "microDollars": 20 * POST })).await;
    let again = x.connect().await;
    // Money can be taken from under an open stream too.
    x.control("credits", json!({ "microDollars": 0 })).await;
    let text = rest(again).await;
    assert!(text.contains("usage-capped"), "{text}");
    let past = x.json("/2/connections?status=inactive&connection.fields=disconnect_reason").await;
    assert_eq!(past["data"][0]["disconnect_reason"], "usage_capped");
}

#[tokio::test]
async fn a_spending_limit_and_the_monthly_cap_have_refusals_of_their_own() {
    let x = with_posts().await;
    x.json(&format!("{SEARCH}&max_results=10")).await;
    x.control("spending-limit", json!({ "microDollars": 10 * POST })).await;
    let (status, body) = x.answer(SEARCH).await;
    assert_eq!((status, &body["title"]), (403, &json!("SpendCapReached")));
    let reset = body["reset_date"].as_str().unwrap();
    assert!(reset.ends_with("-01") && body["detail"].as_str().unwrap().contains(reset), "{body}");
    x.control("spending-limit", json!({ "microDollars": 10 * POST + 1 })).await;
    assert_eq!(x.answer(SEARCH).await.0, 200);
    x.control("spending-limit", json!({ "microDollars": null })).await;

    let open = x.connect().await;
    x.control("monthly-cap", json!({ "posts": 10 })).await;
    let text = rest(open).await;
    assert!(text.contains("Monthly product cap"), "{text}");
    let (status, body) = x.answer(SEARCH).await;
    assert_eq!((status, &body["title"]), (429, &json!("UsageCapExceeded")));
    assert_eq!((&body["period"], &body["scope"]), (&json!("Monthly"), &json!("Product")));
    assert_eq!(body["type"], "https://api.x.com/2/problems/usage-capped");
    assert_eq!(x.json("/2/usage/tweets").await["data"]["project_cap"], "10");
    assert_eq!(x.json("/control/posts").await["refusals"], 0);
}

#[tokio::test]
async fn users_are_charged_where_that_is_an_option() {
    let x = X::with(|options| (options.rate, options.users_charged) = (500.0, true)).await;
    x.add("zebra").await;
    x.until("/control/posts", |all| all["posts"].as_array().unwrap().len() > 50).await;
    x.json(&format!("{SEARCH}&max_results=10&expansions=author_id")).await;
    let day = &x.json("/control/usage").await["days"][0];
    let (posts, users) = (day["posts"].as_u64().unwrap(), day["users"].as_u64().unwrap());
    assert!(posts == 10 && users > 0);
    assert_eq!(day["microDollars"], posts * POST + users * 10_000);
}
