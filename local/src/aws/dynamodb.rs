//! DynamoDB: dynoxide, on a SQLite file, behind the common endpoint.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, anyhow};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use posts::{StatisticsTable, StreamStatusTable, TweetsTable};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::Refusal;
use super::resources::{STATISTICS_TABLE, STATUS_TABLE, TWEETS_TABLE};

/// The tables.
#[derive(Debug)]
pub(crate) struct Tables {
    url: String,
    http: reqwest::Client,
    _server: AbortOnDropHandle<()>,
}

impl Tables {
    /// Opens the file, or makes it, with the tables that the template makes.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let path = path.to_str().ok_or_else(|| anyhow!("the data folder's name is not UTF-8"))?;
        let database = Database::new(path).map_err(|error| anyhow!("failed to open {path}: {error}"))?;
        create(
            &database,
            TWEETS_TABLE,
            (TweetsTable::PARTITION_KEY, TweetsTable::SORT_KEY),
            &[Index {
                name: TweetsTable::INDEX,
                key: (TweetsTable::INDEX_PARTITION_KEY, TweetsTable::INDEX_SORT_KEY),
                projection: "ALL",
            }],
        )?;
        create(
            &database,
            STATISTICS_TABLE,
            (StatisticsTable::PARTITION_KEY, StatisticsTable::SORT_KEY),
            &[
                Index {
                    name: StatisticsTable::BY_HOUR,
                    key: (StatisticsTable::HOUR, StatisticsTable::PARTITION_KEY),
                    projection: "ALL",
                },
                Index {
                    name: StatisticsTable::BY_TOUCH,
                    key: (StatisticsTable::TOUCHED, StatisticsTable::HOUR),
                    projection: "KEYS_ONLY",
                },
            ],
        )?;
        create(
            &database,
            STATUS_TABLE,
            (StreamStatusTable::PARTITION_KEY, StreamStatusTable::SORT_KEY),
            &[],
        )?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("failed to listen for DynamoDB")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = tokio::spawn(dynoxide::server::serve_on(listener, database));
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { url, http, _server: AbortOnDropHandle::new(server) })
    }

    /// Passes a request on.
    pub(crate) async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = self.http.post(&self.url).body(body);
        for name in ["authorization", "content-type", "x-amz-date", "x-amz-target"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        };
        match answer.await {
            Ok((status, headers, body)) => {
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = status;
                for name in ["content-type", "x-amz-crc32", "x-amzn-requestid"] {
                    if let Some(value) = headers.get(name)
                        && let Ok(name) = axum::http::HeaderName::try_from(name)
                    {
                        response.headers_mut().insert(name, value.clone());
                    }
                }
                response
            }
            Err(error) => {
                tracing::error!(%error, "DynamoDB failed");
                let refusal = Refusal::new("InternalServerError", "DynamoDB failed");
                (StatusCode::INTERNAL_SERVER_ERROR, refusal).into_response()
            }
        }
    }
}

/// A table's index.
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
        .map_err(|error| anyhow!("failed to make the table {name}: {error}"))?;
    Ok(())
}
