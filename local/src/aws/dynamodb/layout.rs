//! Converting StatisticsTable of layout 2, in which it had an item for each keyword, hour and country, and another for the hour's minutes.
//!
//! It may be killed at any time: what is left to do is told by what is there. First the new items are made, in an SQLite table of their own
//! beside those of dynoxide, in one transaction. From then on, nothing of the old items is needed, and everything can be done again: StatisticsTable is
//! made anew, filled, and the new items' own table is deleted.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use dynoxide::{AttributeValue, Database, DynoxideError, ImportOptions, Item};
use rusqlite::Connection;
use serde_json::{Value, json};
use utc_time::UtcTime;

use super::schema;
use crate::aws::resources::STATISTICS_TABLE;

/// The sort key of layout 2: `2026-11-23T10#LT`, or `minutes#2026-11-23T10`.
const OLD_SORT_KEY: &str = "hourCountry";

/// The SQLite table with the new items, as JSON. If it is there, all of them are.
const CONVERTED: &str = "aviary_converted_counts";

/// The numbers of layout 2 of a country, and their letters in layout 3.
const LETTERS: [(&str, char); 12] = [
    ("collected", 'c'),
    ("removed", 'r'),
    ("superseded", 's'),
    ("moved", 'm'),
    ("movedIn", 'i'),
    ("byPlace", 'p'),
    ("byFlag", 'g'),
    ("byCountryName", 'n'),
    ("byRegion", 'e'),
    ("byCityAndRegion", 'b'),
    ("byCity", 'y'),
    ("byCoordinates", 'o'),
];

/// A step of converting, which may be done again unless a later one was done.
type Step = fn(&mut Connection, &Database) -> anyhow::Result<()>;

/// The steps, in their order.
const STEPS: [Step; 4] = [make, delete_old, fill, delete_made];

/// Converts the tables in the file at `path`, which `database` has open, if they have layout 2.
pub(super) fn convert(path: &str, database: &Database) -> anyhow::Result<()> {
    let mut file = Connection::open(path)?;
    let made = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
    let is_made = file.query_row(made, [CONVERTED], |row| row.get::<_, i64>(0))? > 0;
    if !is_made && !has_old_counts(database)? {
        return Ok(());
    }
    STEPS.iter().skip(usize::from(is_made)).try_for_each(|step| step(&mut file, database))
}

/// Makes the new items of the old ones.
fn make(file: &mut Connection, database: &Database) -> anyhow::Result<()> {
    let items = converted(database)?;
    tracing::info!(items = items.len(), "converting the counts of an earlier version");
    let transaction = file.transaction()?;
    transaction.execute(&format!("CREATE TABLE {CONVERTED} (item TEXT NOT NULL)"), [])?;
    {
        let mut insert = transaction.prepare(&format!("INSERT INTO {CONVERTED} (item) VALUES (?1)"))?;
        for item in items {
            insert.execute([serde_json::to_string(&item)?])?;
        }
    }
    Ok(transaction.commit()?)
}

/// Deletes StatisticsTable, whatever its layout, and also what remains of it.
fn delete_old(_: &mut Connection, database: &Database) -> anyhow::Result<()> {
    match database.delete_table(serde_json::from_value(json!({ "TableName": STATISTICS_TABLE }))?) {
        Ok(_) | Err(DynoxideError::ResourceNotFoundException(_)) => Ok(()),
        Err(error) => Err(failed("delete the old counts", &error)),
    }
}

/// Writes the new items into a StatisticsTable of layout 3, all or none.
fn fill(file: &mut Connection, database: &Database) -> anyhow::Result<()> {
    schema::create_tables(database)?;
    let mut select = file.prepare(&format!("SELECT item FROM {CONVERTED}"))?;
    let items = select.query_map([], |row| row.get::<_, String>(0))?;
    let items: anyhow::Result<Vec<Item>> = items.map(|item| Ok(serde_json::from_str(&item?)?)).collect();
    let import = database.import_items(STATISTICS_TABLE, items?, ImportOptions::default());
    import.map(|_| ()).map_err(|error| failed("write the converted counts", &error))
}

fn delete_made(file: &mut Connection, _: &Database) -> anyhow::Result<()> {
    file.execute(&format!("DROP TABLE {CONVERTED}"), [])?;
    Ok(())
}

/// Whether StatisticsTable is there, in layout 2.
fn has_old_counts(database: &Database) -> anyhow::Result<bool> {
    let request = serde_json::from_value(json!({ "TableName": STATISTICS_TABLE }))?;
    let Ok(description) = database.describe_table(request) else { return Ok(false) };
    let description: Value = serde_json::to_value(description)?;
    let keys = description["Table"]["KeySchema"].as_array();
    Ok(keys.into_iter().flatten().any(|key| key["AttributeName"] == OLD_SORT_KEY))
}

/// The items of layout 3 that count what those of layout 2 do.
fn converted(database: &Database) -> anyhow::Result<Vec<Item>> {
    let mut hours: BTreeMap<(String, String), Item> = BTreeMap::new();
    let mut start: Option<Value> = None;
    loop {
        let mut request = json!({ "TableName": STATISTICS_TABLE });
        if let Some(start) = start.take() {
            request["ExclusiveStartKey"] = start;
        }
        let answer = database.scan(serde_json::from_value(request)?);
        let answer = answer.map_err(|error| failed("read the old counts", &error))?;
        for old in answer.items.unwrap_or_default() {
            let keyword = text(&old, "keyword").context("a count has no keyword")?;
            let sort_key = text(&old, OLD_SORT_KEY).context("a count has no sort key")?;
            let (first, second) = sort_key.split_once('#').context("a count's sort key has no `#`")?;
            let hour = if first == "minutes" { second } else { first };
            let new = hours.entry((keyword.to_owned(), hour.to_owned())).or_default();
            if first == "minutes" {
                add_minutes(&old, new);
            } else {
                add_country(&old, first, second, new)?;
            }
        }
        match answer.last_evaluated_key {
            Some(key) => start = Some(serde_json::to_value(key)?),
            None => break,
        }
    }
    let keyed = hours.into_iter().map(|((keyword, hour), mut item)| {
        item.insert("keyword".to_owned(), AttributeValue::S(keyword));
        item.insert("hour".to_owned(), AttributeValue::S(hour));
        item
    });
    Ok(keyed.collect())
}

/// `c07` of an old item is `07c` of the new one.
fn add_minutes(old: &Item, new: &mut Item) {
    for (name, number) in old {
        if let Some((letter, minute)) = name.split_at_checked(1)
            && ["c", "r", "s"].contains(&letter)
            && minute.len() == 2
            && minute.parse::<u8>().is_ok()
        {
            new.insert(format!("{minute}{letter}"), number.clone());
        }
    }
}

/// `collected` of an old item of `LT` is `LTc` of the new one, and so on.
fn add_country(old: &Item, hour: &str, country: &str, new: &mut Item) -> anyhow::Result<()> {
    let country = if country == "unknown" { "ZZ" } else { country };
    for (name, letter) in LETTERS {
        if let Some(number) = old.get(name) {
            new.insert(format!("{country}{letter}"), number.clone());
        }
    }
    if let Some(first_at) = text(old, "firstAt") {
        // In milliseconds since the start of the hour.
        let (first_at, start): (UtcTime, UtcTime) = (first_at.parse()?, format!("{hour}:00:00Z").parse()?);
        let since = first_at.as_millis() - start.as_millis();
        new.insert(format!("{country}f"), AttributeValue::N(since.to_string()));
    }
    let touched = [text(old, "touched"), text(new, "touched")].into_iter().flatten().max();
    if let Some(touched) = touched.map(str::to_owned) {
        new.insert("touched".to_owned(), AttributeValue::S(touched));
    }
    Ok(())
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn failed(action: &str, error: &DynoxideError) -> anyhow::Error {
    anyhow!("failed to {action}: {error}")
}

#[cfg(test)]
mod tests {
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
        "LT", "LV", "EE", "PL", "DE", "FR", "ES", "PT", "IT", "GR", "TR", "UA", "SE", "NO", "FI", "US",
        "unknown",
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
}
