//! The values of metrics, stored in the file.

use rusqlite::{Connection, OptionalExtension, params};

/// How long CloudWatch stores hourly values, which is what the programs publish.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>
const KEPT_MS: i64 = 455 * 24 * 60 * 60 * 1000;

/// How many values are deleted in one step. Other calls wait for it.
const DELETED: usize = 1000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS metrics (
        metric TEXT NOT NULL, at INTEGER NOT NULL, maximum REAL NOT NULL, sum REAL NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY (metric, at)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS metrics_by_time ON metrics (at);";

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// The metric's full name: namespace, name and dimensions, in a canonical form.
    pub(crate) metric: String,
    pub(crate) at_ms: i64,
    pub(crate) value: f64,
}

/// A metric's values at one time: the time, the maximum, the sum and the count.
pub(crate) type Values = (i64, f64, f64, i64);

pub(super) fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Adds values to metrics, all or none.
pub(super) fn put(connection: &mut Connection, values: &[Value]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for Value { metric, at_ms, value } in values {
        transaction
            .prepare_cached(
                "INSERT INTO metrics VALUES (?1, ?2, ?3, ?3, 1) ON CONFLICT DO UPDATE SET
                 maximum = MAX(maximum, excluded.maximum), sum = sum + excluded.sum, count = count + 1",
            )?
            .execute(params![metric, at_ms, value])?;
    }
    transaction.commit()
}

/// The full names of the metrics whose full names begin with `beginning`, sorted. The cost per name does not depend on
/// how many values the metric has.
pub(super) fn names(connection: &Connection, beginning: &str) -> rusqlite::Result<Vec<String>> {
    let mut first =
        connection.prepare_cached("SELECT metric FROM metrics WHERE metric >= ?1 ORDER BY metric LIMIT 1")?;
    let mut next =
        connection.prepare_cached("SELECT metric FROM metrics WHERE metric > ?1 ORDER BY metric LIMIT 1")?;
    let mut found: Option<String> = first.query_row([beginning], |row| row.get(0)).optional()?;
    let mut names = Vec::new();
    while let Some(name) = found.filter(|name| name.starts_with(beginning)) {
        found = next.query_row([&name], |row| row.get(0)).optional()?;
        names.push(name);
    }
    Ok(names)
}

/// The values of a metric from `from` (inclusive) to `to` (exclusive).
pub(super) fn values(
    connection: &Connection,
    metric: &str,
    from: i64,
    to: i64,
) -> rusqlite::Result<Vec<Values>> {
    let mut query = connection.prepare_cached(
        "SELECT at, maximum, sum, count FROM metrics WHERE metric = ?1 AND at >= ?2 AND at < ?3",
    )?;
    query
        .query_map(params![metric, from, to], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect()
}

/// Deletes some of the values that are too old; returns whether there may be more.
pub(super) fn delete_some(connection: &Connection, now: i64) -> rusqlite::Result<bool> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM metrics WHERE (metric, at) IN (SELECT metric, at FROM metrics WHERE at < ?1 LIMIT ?2)",
        )?
        .execute(params![now - KEPT_MS, DELETED])?;
    Ok(deleted == DELETED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_deleted_after_455_days_and_names_are_listed_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        create_tables(&connection).unwrap();
        let value = |metric: &str, at_ms| Value { metric: metric.to_owned(), at_ms, value: 1.0 };
        let old: Vec<Value> = (0..1500).map(|at| value("a\nold", at)).collect();
        put(&mut connection, &old).unwrap();
        let new = [value("a\nnew", KEPT_MS), value("a\nnew", KEPT_MS + 1), value("b\nnew", KEPT_MS)];
        put(&mut connection, &new).unwrap();
        assert_eq!(names(&connection, "a\n").unwrap(), ["a\nnew", "a\nold"]);
        assert!(delete_some(&connection, KEPT_MS + 1500).unwrap());
        assert!(!delete_some(&connection, KEPT_MS + 1500).unwrap());
        assert_eq!(names(&connection, "").unwrap(), ["a\nnew", "b\nnew"]);
    }
}
