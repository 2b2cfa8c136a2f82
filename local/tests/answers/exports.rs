//! Exports of whole ranges.

use posts::Post;
use serde_json::Value;

use crate::world::{World, post};

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_whole_range_and_says_what_the_pages_say() {
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
    let country = world.ask(&format!("GET /tweets?{range}&format=jsonl&country=LT")).await;
    assert_eq!(country.text.lines().count(), (10..2460).filter(|id| id % 3 == 0).count());
}
