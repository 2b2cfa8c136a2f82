//! Folders of layout 2 are converted, whenever that is interrupted.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use posts::Keyword;
use posts::statistics::{HourCount, KnownBy, MinuteCount};

use super::*;
use crate::{Machine, Options, Stream};

const KEYWORDS: [&str; 2] = ["rust", "#žemė"];
const HOURS: u64 = 120;
const COUNTRIES: [&str; 17] = [
    "LT", "LV", "EE", "PL", "DE", "FR", "ES", "PT", "IT", "GR", "TR", "UA", "SE", "NO", "FI", "US", "unknown",
];
const WAYS: [&str; 7] =
    ["byPlace", "byFlag", "byCountryName", "byRegion", "byCityAndRegion", "byCity", "byCoordinates"];

fn hour(number: u64) -> UtcTime {
    "2026-10-01T00:00:00Z".parse::<UtcTime>().unwrap().after(Duration::from_secs(3600 * number))
}

fn number(number: u64) -> Value {
    json!({ "N": number.to_string() })
}

fn item(value: Value) -> Item {
    serde_json::from_value(value).unwrap()
}

/// What is counted in an hour, and the items of layout 2 for it.
fn counted(name: &str, at: u64) -> (Vec<HourCount>, Vec<MinuteCount>, Vec<Item>) {
    let keyword: Keyword = name.parse().unwrap();
    let (hour, mut items) = (hour(at), Vec::new());
    let mut minutes = Vec::new();
    let mut of_minutes =
        json!({ "keyword": { "S": name }, "hourCountry": { "S": format!("minutes#{}", hour.hour()) } });
    for minute in (at % 7..60).step_by(7) {
        let (collected, removed, superseded) = (at + minute + 1, minute % 2, minute % 3);
        for (letter, value) in [("c", collected), ("r", removed), ("s", superseded)] {
            if value > 0 {
                of_minutes[format!("{letter}{minute:02}")] = number(value);
            }
        }
        let minute = hour.after(Duration::from_secs(60 * minute));
        minutes.push(MinuteCount { keyword: keyword.clone(), minute, collected, removed, superseded });
    }
    items.push(item(of_minutes));
    let mut counts = Vec::new();
    for (place, code) in COUNTRIES.iter().enumerate() {
        let place = place as u64;
        let first_at = hour.after(Duration::from_millis(place * 1234));
        let mut old = json!({
            "keyword": { "S": name }, "hourCountry": { "S": format!("{}#{code}", hour.hour()) },
            "hour": { "S": hour.hour() }, "touched": { "S": first_at.hour() },
            "firstAt": { "S": first_at.to_string() }, "collected": number(100 + at + place),
        });
        for (name, value) in
            [("removed", place), ("moved", place % 3), ("movedIn", place % 4), ("superseded", place % 5)]
        {
            if value > 0 {
                old[name] = number(value);
            }
        }
        let mut known = BTreeMap::new();
        for (number_of, (way, by)) in WAYS.into_iter().zip(KnownBy::ALL).enumerate() {
            // Some were taken off before they were recorded.
            let value = place as i64 + at as i64 % 3 - number_of as i64;
            if value != 0 {
                old[way] = json!({ "N": value.to_string() });
            }
            if value > 0 {
                known.insert(by, value as u64);
            }
        }
        items.push(item(old));
        counts.push(HourCount {
            keyword: keyword.clone(),
            hour,
            country: code.parse().ok(),
            collected: 100 + at + place,
            removed: place,
            moved: place % 3,
            moved_in: place % 4,
            superseded: place % 5,
            known,
            first_at,
        });
    }
    counts.sort_by_key(|count| count.country_name());
    (counts, minutes, items)
}

/// A folder as the version before left it.
fn folder_of_layout_2() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("version"), "2\n").unwrap();
    let database = open(folder.path());
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let index = |name: &str, partition: &str, sort: &str, projection: &str| {
        json!({
            "IndexName": name, "KeySchema": [key(partition, "HASH"), key(sort, "RANGE")],
            "Projection": { "ProjectionType": projection },
        })
    };
    let attributes = ["keyword", "hourCountry", "hour", "touched"];
    let table = json!({
        "TableName": STATISTICS_TABLE, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key("keyword", "HASH"), key("hourCountry", "RANGE")],
        "AttributeDefinitions": attributes.map(|name| json!({ "AttributeName": name, "AttributeType": "S" })),
        "GlobalSecondaryIndexes": [
            index("byHour", "hour", "keyword", "ALL"), index("byTouch", "touched", "hour", "KEYS_ONLY"),
        ],
    });
    database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    let items = KEYWORDS.iter().flat_map(|name| (0..HOURS).flat_map(|at| counted(name, at).2));
    database.import_items(STATISTICS_TABLE, items.collect(), ImportOptions::default()).unwrap();
    (folder, database)
}

fn file(folder: &Path) -> String {
    folder.join("tables.sqlite").to_str().unwrap().to_owned()
}

fn open(folder: &Path) -> Database {
    Database::new(&file(folder)).unwrap()
}

/// Starts a machine on the folder, and compares every number.
async fn assert_converted(folder: &Path) {
    service::aws::install_tls();
    let machine = Machine::start(Options::new(folder, Stream::nowhere())).await.unwrap();
    let statistics = machine.aws.statistics_table();
    let last = hour(HOURS - 1);
    for name in KEYWORDS {
        let keyword: Keyword = name.parse().unwrap();
        let expected: Vec<HourCount> = (0..HOURS).flat_map(|at| counted(name, at).0).collect();
        assert_eq!(statistics.between(&keyword, hour(0), last).await.unwrap(), expected);
        let expected: Vec<MinuteCount> = (0..HOURS).flat_map(|at| counted(name, at).1).collect();
        assert_eq!(statistics.minutes(&keyword, hour(0), last).await.unwrap(), expected);
    }
    for at in [0, HOURS - 1] {
        assert_eq!(statistics.of_all_in_hour(hour(at)).await.unwrap().len(), KEYWORDS.len());
        assert_eq!(statistics.touched_in(hour(at)).await.unwrap(), BTreeSet::from([hour(at)]));
    }
}

#[tokio::test]
async fn the_counts_of_a_folder_of_layout_2_are_kept() {
    let (folder, database) = folder_of_layout_2();
    drop(database);
    assert_converted(folder.path()).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("version")).unwrap(), "3\n");
    // Once it is converted, it is opened as it is.
    assert_converted(folder.path()).await;
}

#[tokio::test]
async fn converting_may_be_killed_after_each_step() {
    for steps in 1..STEPS.len() {
        let (folder, database) = folder_of_layout_2();
        let mut connection = Connection::open(file(folder.path())).unwrap();
        for step in &STEPS[..steps] {
            step(&mut connection, &database).unwrap();
        }
        drop((connection, database));
        assert_converted(folder.path()).await;
    }
}

#[tokio::test]
async fn converting_may_be_killed_while_the_old_counts_are_deleted_in_part() {
    let (folder, database) = folder_of_layout_2();
    let mut connection = Connection::open(file(folder.path())).unwrap();
    make(&mut connection, &database).unwrap();
    connection.execute(&format!("DROP TABLE \"{STATISTICS_TABLE}\""), []).unwrap();
    drop((connection, database));
    assert_converted(folder.path()).await;
}
