//! Exports of whole ranges.

use api::{ReadApi, ReadConfig};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use posts::Post;
use serde_json::{Value, json};

use crate::world::{World, post};

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_whole_range_and_the_same_posts_as_the_pages() {
    let world = World::start().await;
    let posts: Vec<Post> = (0..2500)
        .map(|id| post(id, id, &format!("text \"{id}\", with\nlines"), (id % 3 == 0).then_some("LT"), None))
        .collect();
    world.store("rust", &posts).await;
    let range = "keyword=rust&from=2026-11-23T10:00:10Z&to=2026-11-23T10:41:00Z&order=oldest";
    let lines = world.ask(&format!("GET /tweets?{range}&format=jsonl")).await;
    let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<u64> = lines.iter().map(|line| line["tweetId"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(ids, (10..2460).collect::<Vec<u64>>());
    let page = world.json(&format!("GET /tweets?{range}&limit=100")).await;
    assert_eq!(page["tweets"].as_array().unwrap()[..], lines[..100]);

    let table = world.ask(&format!("GET /tweets?{range}&format=csv")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(&lines) {
        for (name, cell) in head.iter().zip(row) {
            assert_eq!(cell, line[name].as_str().unwrap_or_default(), "{name}");
        }
    }
    // A CSV export can continue from a page's cursor, and has a header row too.
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = world.ask(&format!("GET /tweets?{range}&format=csv&cursor={cursor}")).await;
    let mut rest = csv::Reader::from_reader(rest.text.as_bytes());
    assert_eq!(*rest.headers().unwrap(), head);
    assert_eq!(rest.records().count(), lines.len() - 100);
    let country = world.ask(&format!("GET /tweets?{range}&format=jsonl&country=LT")).await;
    assert_eq!(country.text.lines().count(), (10..2460).filter(|id| id % 3 == 0).count());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_ids_has_nothing_but_ids_and_tells_what_was_removed() {
    let world = World::start().await;
    let posts: Vec<Post> =
        (0..1500).map(|id| post(id, id, "a text", (id < 5).then_some("LT"), None)).collect();
    world.store("rust", &posts).await;
    world.store("go", &posts[..3]).await;
    for id in [0, 3, 1499] {
        assert_eq!(world.ask(&format!("DELETE /tweets/{id}")).await.status, 204);
    }
    let export = async |query: &str| {
        let answer = world.ask(&format!("GET /tweets?keyword=rust&order=oldest&{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
        let mut table = csv::Reader::from_reader(answer.text.as_bytes());
        assert_eq!(table.headers().unwrap(), vec!["tweetId", "removedAt"]);
        let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        let removed = rows
            .iter()
            .filter(|row| row[1].parse::<utc_time::UtcTime>().is_ok())
            .map(|row| row[0].to_owned());
        assert!(rows.iter().all(|row| row[1].is_empty() || row[1].starts_with("20")));
        let ids: Vec<u64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
        (ids, removed.collect::<Vec<String>>())
    };
    assert_eq!(
        export("format=ids").await,
        ((0..1500).collect(), ["0", "3", "1499"].map(str::to_owned).into())
    );
    let from = "format=ids&from=2026-11-23T10:00:01Z&to=2026-11-23T10:00:04Z";
    assert_eq!(export(from).await, (vec![1, 2, 3], vec!["3".to_owned()]));
    // Nothing tells whether a removed post would match a filter.
    assert_eq!(export("format=ids&country=LT").await, (vec![1, 2, 4], vec![]));
    // Removed posts are in no other answer.
    let lines = world.ask("GET /tweets?keyword=rust&format=jsonl").await.text;
    assert!(lines.lines().count() == 1497 && !lines.contains("removedAt"));
    assert_eq!(world.ask("GET /tweets?keyword=rust&format=csv").await.text.lines().count(), 1498);
    let mut query = "keyword=rust&order=oldest&limit=2".to_owned();
    let page = world.json(&format!("GET /tweets?{query}")).await;
    query += &format!("&cursor={}", page["nextCursor"].as_str().unwrap());
    let next = world.json(&format!("GET /tweets?{query}")).await;
    let ids = |page: &Value| {
        page["tweets"].as_array().unwrap().iter().map(|post| post["tweetId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&page), ids(&next)].concat(), ["1", "2", "4", "5"]);
    for (parameter, name) in [
        ("fields=text", "fields"),
        ("columns=text", "columns"),
        ("formulas=keep", "formulas"),
        ("limit=3", "limit"),
    ] {
        let refused = world.ask(&format!("GET /tweets?keyword=rust&format=ids&{parameter}")).await;
        assert!(refused.status == 422 && refused.text.contains(name), "{}", refused.text);
    }
}

/// The limit on an answer of the function below, as Lambda sends it.
const ANSWER_BYTES: usize = 100_000;

/// The largest size of an answer of Lambda without its body.
const OVERHEAD: usize = 4096;

/// The read function, as Lambda runs it.
fn function(world: &World) -> axum::Router {
    let settings = ReadConfig::from_variables(|name| match name {
        "ANSWER_BYTES" => Some(ANSWER_BYTES.to_string()),
        "TWITTER_BEARER_TOKEN_PARAMETER" | "X_API_URL" | "SOURCES" => None,
        "TWEETS_TABLE" => Some("TweetsTable".to_owned()),
        _ => Some(format!("no {name}")),
    });
    api::read(ReadApi::new(world.machine.aws.sdk(), settings.unwrap()))
}

/// The answer of the function to `GET /tweets` with this query, as Lambda sends it.
async fn invoked(function: &axum::Router, query: &str) -> String {
    let event = json!({
        "version": "2.0", "routeKey": "GET /tweets", "rawPath": "/tweets", "rawQueryString": query,
        "headers": { "host": "d" }, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "000000000000", "apiId": "a", "domainName": "d", "domainPrefix": "p", "requestId": "r",
            "routeKey": "GET /tweets", "stage": "$default", "time": "23/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_000_000_000_i64,
            "http": { "method": "GET", "path": "/tweets", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
        },
    });
    let event: LambdaRequest = serde_json::from_value(event).unwrap();
    let mut adapter = Adapter::from(function.clone());
    let answer = adapter.call(LambdaEvent::new(event, Context::default())).await.unwrap();
    serde_json::to_string(&answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_fill_lambdas_answers_whatever_the_texts_and_links_lead_through_all_posts() {
    let world = World::start().await;
    let function = function(&world);
    let texts = ["\u{1}".repeat(900), "\"\\\n".repeat(300), "ж🦀".repeat(200), "plain ".repeat(150)];
    let mut posts: Vec<Post> =
        (0..600).map(|id| post(id, id, &texts[id as usize % texts.len()], None, None)).collect();
    // Two posts that are larger than the limit.
    posts[0].text = "\"".repeat(60_000);
    posts[300].text = "\u{2}".repeat(20_000);
    world.store("rust", &posts).await;
    for format in ["jsonl", "csv", "ids"] {
        let first = format!("keyword=rust&order=oldest&format={format}");
        let (mut ids, mut sizes, mut query) = (Vec::new(), Vec::new(), Some(first));
        while let Some(current) = query.take() {
            let sent = invoked(&function, &current).await;
            let answer: Value = serde_json::from_str(&sent).unwrap();
            assert_eq!(answer["statusCode"], 200, "{answer}");
            assert_eq!(answer["isBase64Encoded"], format == "jsonl");
            let body = decoded(answer["body"].as_str().unwrap(), format == "jsonl");
            let before = ids.len();
            if format == "jsonl" {
                let posts = body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                ids.extend(posts.map(|post| post["tweetId"].as_str().unwrap().parse::<u64>().unwrap()));
            } else {
                let mut table = csv::Reader::from_reader(body.as_bytes());
                assert_eq!(&table.headers().unwrap()[0], "tweetId");
                ids.extend(table.records().map(|row| row.unwrap()[0].parse::<u64>().unwrap()));
            }
            let alone = ids.len() == before + 1;
            assert!(
                ids.len() > before && (sent.len() <= ANSWER_BYTES + OVERHEAD || alone),
                "{} bytes",
                sent.len()
            );
            sizes.push(sent.len());
            if let Some(link) = answer["headers"]["link"].as_str() {
                query = Some(link.strip_prefix("<?").unwrap().split('>').next().unwrap().to_owned());
            }
        }
        assert_eq!(ids, (0..600).collect::<Vec<u64>>(), "{format}");
        // Only three answers are not full: the two before the posts that are too large, and the last.
        let full = sizes.iter().filter(|size| **size > ANSWER_BYTES - 10_000).count();
        let answers = if format == "ids" { 1..2 } else { 11..100 };
        assert!(answers.contains(&sizes.len()) && full + 3 >= sizes.len(), "{format}: {sizes:?}");
    }
}

fn decoded(body: &str, is_base64: bool) -> String {
    if !is_base64 {
        return body.to_owned();
    }
    String::from_utf8(base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap())
        .unwrap()
}
