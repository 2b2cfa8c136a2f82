//! The counts in the table compared with those in CloudWatch.

use std::time::Duration;

use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::world::{World, post};

#[tokio::test(flavor = "multi_thread")]
async fn counts_in_cloudwatch_equal_the_table_and_differences_are_reported() {
    let world = World::start().await;
    let hour = UtcTime::now().start_of_hour();
    let written = |id: u64, hours_ago: u32, country: Option<&str>| {
        let mut post = post(id, 0, "text", country, None);
        post.create_date = hour.before(Duration::from_secs(3600) * hours_ago);
        post
    };
    let countries: Vec<&str> =
        "LT LV EE PL DE FR ES PT IT GR TR UA SE NO FI DK IS IE GB NL BE LU CH AT CZ".split(' ').collect();
    let of_countries = countries.iter().zip(100..).map(|(country, id)| written(id, 1, Some(country)));
    world.store("rust", &of_countries.collect::<Vec<_>>()).await;
    world.store("rust", &[written(1, 0, Some("LT")), written(2, 30, None), written(3, 30, None)]).await;
    world.store("жук", &[written(1, 0, Some("LT")), written(4, 0, Some("US"))]).await;

    let counts = async |query: &str| world.json(&format!("GET /tweetsStatistics?{query}")).await;
    let too_long = "from=2026-01-01T00:00:00Z";
    let answer = counts("keyword=rust&by=hour&source=cloudwatch").await;
    assert_eq!(
        (&answer["total"], &answer["differing"]),
        (&0.into(), &3.into()),
        "nothing is published yet: {answer}"
    );
    assert_eq!(
        answer["statistics"][0],
        json!({
            "hour": hour.before(Duration::from_secs(30 * 3600)).hour(), "collected": 0, "table": 2,
        })
    );

    let (from, to) = (hour.before(Duration::from_secs(40 * 3600)), hour.after(Duration::from_secs(3600)));
    let range = json!({ "from": from, "to": to }).to_string();
    let published = world.ask_with("POST /tweetsStatistics/restate", Some(&range), None).await.json();
    assert_eq!(published["outOfReach"], json!([]));
    let two_days = format!("from={from}&to={to}");
    for query in [
        "keyword=rust&by=country",
        "keyword=rust&by=hour",
        "keyword=rust&by=day",
        "keyword=rust&by=keyword",
        "by=country",
        "by=hour",
        "by=day",
        "by=keyword",
    ] {
        let cloudwatch = counts(&format!("{query}&source=cloudwatch&{two_days}")).await;
        let table = counts(&format!("{query}&{two_days}")).await;
        assert_eq!(cloudwatch["differing"], 0, "{query}: {cloudwatch}");
        assert_eq!(cloudwatch["total"], table["total"], "{query}");
        if query != "keyword=rust&by=country" {
            assert_eq!(numbers(&cloudwatch), numbers(&table), "{query}");
        }
    }
    // There are more countries than get a metric of their own; the rest are counted as `other`.
    let countries = counts(&format!("keyword=rust&source=cloudwatch&{two_days}")).await;
    let other = |row: &&Value| row["country"] == "other";
    assert_eq!(countries["statistics"].as_array().unwrap().iter().find(other).unwrap()["collected"], 5);

    world.store("rust", &[written(5, 0, Some("LT"))]).await;
    let answer = counts(&format!("keyword=rust&by=keyword&source=cloudwatch&{two_days}")).await;
    assert_eq!(answer["statistics"], json!([{ "keyword": "rust", "collected": 28, "table": 29 }]));
    assert_eq!(counts(&format!("keyword=rust&{too_long}&source=cloudwatch")).await["status"], 422);
}

/// The name of each row, and how many posts were collected.
fn numbers(answer: &Value) -> Vec<(String, u64)> {
    let by = answer["by"].as_str().unwrap();
    let rows = answer["statistics"].as_array().unwrap().iter();
    rows.map(|row| (row[by].as_str().unwrap().to_owned(), row["collected"].as_u64().unwrap())).collect()
}
