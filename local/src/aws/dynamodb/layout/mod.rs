//! Converting StatisticsTable of layout 2, in which it had an item for each keyword, hour and country, and another for the hour's minutes.
//!
//! It may be killed at any time: what is left to do is told by what is there. First the new items are made, in an SQLite table of their own
//! beside those of dynoxide, in one transaction. From then on, nothing of the old items is needed, and everything can be done again: StatisticsTable is
//! made anew, filled, and the new items' own table is deleted.

#[cfg(test)]
mod tests;

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
    let left = if is_made { &STEPS[1..] } else { &STEPS[..] };
    left.iter().try_for_each(|step| step(&mut file, database))
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
