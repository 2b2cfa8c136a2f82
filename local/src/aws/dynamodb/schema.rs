//! The tables of the template.

use std::collections::BTreeSet;

use anyhow::anyhow;
use dynoxide::Database;
use posts::statistics::StatisticsTable;
use posts::tweets::TweetsTable;
use serde_json::json;
use stream::StreamStatusTable;

use crate::aws::resources::{STATISTICS_TABLE, STATUS_TABLE, TTL_ATTRIBUTE, TWEETS_TABLE};

/// Creates the tables that do not exist yet.
pub(super) fn create_tables(database: &Database) -> anyhow::Result<()> {
    create(
        database,
        TWEETS_TABLE,
        (TweetsTable::PARTITION_KEY, TweetsTable::SORT_KEY),
        &[Index {
            name: TweetsTable::INDEX,
            key: (TweetsTable::INDEX_PARTITION_KEY, TweetsTable::INDEX_SORT_KEY),
            projection: "ALL",
        }],
    )?;
    create(
        database,
        STATISTICS_TABLE,
        (StatisticsTable::PARTITION_KEY, StatisticsTable::SORT_KEY),
        &[
            Index {
                name: StatisticsTable::BY_HOUR,
                key: (StatisticsTable::SORT_KEY, StatisticsTable::PARTITION_KEY),
                projection: "KEYS_ONLY",
            },
            Index {
                name: StatisticsTable::BY_TOUCH,
                key: (StatisticsTable::TOUCHED, StatisticsTable::SORT_KEY),
                projection: "KEYS_ONLY",
            },
        ],
    )?;
    create(database, STATUS_TABLE, (StreamStatusTable::PARTITION_KEY, StreamStatusTable::SORT_KEY), &[])?;
    for table in [TWEETS_TABLE, STATUS_TABLE] {
        let ttl = json!({
            "TableName": table,
            "TimeToLiveSpecification": { "AttributeName": TTL_ATTRIBUTE, "Enabled": true },
        });
        database
            .update_time_to_live(serde_json::from_value(ttl)?)
            .map_err(|error| anyhow!("failed to let the items of {table} expire: {error}"))?;
    }
    Ok(())
}

/// A global secondary index of a table.
struct Index {
    name: &'static str,
    key: (&'static str, &'static str),
    projection: &'static str,
}

fn create(database: &Database, name: &str, key: (&str, &str), indexes: &[Index]) -> anyhow::Result<()> {
    let described = serde_json::from_value(json!({ "TableName": name }))?;
    if database.describe_table(described).is_ok() {
        return Ok(());
    }
    let schema = |(partition, sort): (&str, &str)| {
        json!([
            { "AttributeName": partition, "KeyType": "HASH" }, { "AttributeName": sort, "KeyType": "RANGE" },
        ])
    };
    let keys = indexes.iter().map(|index| index.key).chain([key]);
    let attributes: BTreeSet<&str> = keys.flat_map(|(partition, sort)| [partition, sort]).collect();
    let attributes = attributes.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schema(key),
        "AttributeDefinitions": attributes.collect::<Vec<_>>(),
    });
    if !indexes.is_empty() {
        let described = indexes.iter().map(|index| {
            json!({
                "IndexName": index.name, "KeySchema": schema(index.key),
                "Projection": { "ProjectionType": index.projection },
            })
        });
        request["GlobalSecondaryIndexes"] = described.collect::<Vec<_>>().into();
    }
    database
        .create_table(serde_json::from_value(request)?)
        .map_err(|error| anyhow!("failed to create the table {name}: {error}"))?;
    Ok(())
}
