//! Counts of the table and of CloudWatch, side by side.

use std::time::Duration;

use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::world::{World, post};

#[tokio::test(flavor = "multi_thread")]
async fn cloudwatch_says_what_the_table_says_and_where_it_does_not_the_answer_does() {
    let world = World::start().await;
    let hour = UtcTime::now().start_of_hour();
    let made = |id: u64, hours_ago: u32, country: Option<&str>| {
        let mut post = post(id, 0, "text", country, None);
        post.create_date = hour.before(Duration::from_secs(3600) * hours_ago);
        post
    };
    let countries: Vec<&str> =
        "LT LV EE PL DE FR ES PT IT GR TR UA SE NO FI DK IS IE GB NL BE LU CH AT CZ".split(' ').collect();
    let of_countries = countries.iter().zip(100..).map(|(country, id)| made(id, 1, Some(country)));
    world.store("rust", &of_countries.collect::<Vec<_>>()).await;
    world.store("rust", &[made(1, 0, Some("LT")), made(2, 30, None), made(3, 30, None)]).await;
    world.store("жук", &[made(1, 0, Some("LT")), made(4, 0, Some("US"))]).await;

    let asked = async |query: &str| world.json(&format!("GET /tweetsStatistics?{query}")).await;
    let of_all = "from=2026-01-01T00:00:00Z";
    let answer = asked("keyword=rust&by=hour&source=cloudwatch").await;
    assert_eq!(
        (&answer["total"], &answer["differing"]),
        (&0.into(), &3.into()),
        "nothing is stated yet: {answer}"
    );
    assert_eq!(
        answer["statistics"][0],
        json!({
            "hour": hour.before(Duration::from_secs(30 * 3600)).hour(), "collected": 0, "table": 2,
        })
    );

    let (from, to) = (hour.before(Duration::from_secs(40 * 3600)), hour.after(Duration::from_secs(3600)));
    let range = json!({ "from": from, "to": to }).to_string();
    let stated = world.ask_with("POST /tweetsStatistics/restate", Some(&range), None).await.json();
    assert_eq!(stated["outOfReach"], json!([]));
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
        let cloudwatch = asked(&format!("{query}&source=cloudwatch&{two_days}")).await;
        let table = asked(&format!("{query}&{two_days}")).await;
        assert_eq!(cloudwatch["differing"], 0, "{query}: {cloudwatch}");
        assert_eq!(cloudwatch["total"], table["total"], "{query}");
        if query != "keyword=rust&by=country" {
            assert_eq!(numbers(&cloudwatch), numbers(&table), "{query}");
        }
    }
    // More countries than have a metric of their own: the others stand together.
    let countries = asked(&format!("keyword=rust&source=cloudwatch&{two_days}")).await;
    let other = |row: &&Value| row["country"] == "other";
    assert_eq!(countries["statistics"].as_array().unwrap().iter().find(other).unwrap()["collected"], 5);

    world.store("rust", &[made(5, 0, Some("LT"))]).await;
    let answer = asked(&format!("keyword=rust&by=keyword&source=cloudwatch&{two_days}")).await;
    assert_eq!(answer["statistics"], json!([{ "keyword": "rust", "collected": 28, "table": 29 }]));
    assert_eq!(asked(&format!("keyword=rust&{of_all}&source=cloudwatch")).await["status"], 422);
}

/// A row's name and what was collected.
fn numbers(answer: &Value) -> Vec<(String, u64)> {
    let by = answer["by"].as_str().unwrap();
    let rows = answer["statistics"].as_array().unwrap().iter();
    rows.map(|row| (row[by].as_str().unwrap().to_owned(), row["collected"].as_u64().unwrap())).collect()
}
