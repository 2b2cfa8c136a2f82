//! DynamoDB: dynoxide, on a SQLite file, behind the common endpoint.

use std::path::Path;

use anyhow::{Context, anyhow};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use posts::{StatisticsTable, StreamStatusTable, TweetsTable};
use serde_json::{Value, json};
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
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        create(
            &database,
            TWEETS_TABLE,
            (TweetsTable::PARTITION_KEY, TweetsTable::SORT_KEY),
            Some((
                TweetsTable::INDEX_SORT_KEY,
                json!([{
                    "IndexName": TweetsTable::INDEX,
                    "KeySchema": [
                        key(TweetsTable::INDEX_PARTITION_KEY, "HASH"), key(TweetsTable::INDEX_SORT_KEY, "RANGE"),
                    ],
                    "Projection": { "ProjectionType": "ALL" },
                }]),
            )),
        )?;
        create(
            &database,
            STATISTICS_TABLE,
            (StatisticsTable::PARTITION_KEY, StatisticsTable::SORT_KEY),
            None,
        )?;
        create(
            &database,
            STATUS_TABLE,
            (StreamStatusTable::PARTITION_KEY, StreamStatusTable::SORT_KEY),
            None,
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

fn create(
    database: &Database,
    name: &str,
    (partition, sort): (&str, &str),
    index: Option<(&str, Value)>,
) -> anyhow::Result<()> {
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let mut attributes = vec![attribute(partition), attribute(sort)];
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            { "AttributeName": partition, "KeyType": "HASH" }, { "AttributeName": sort, "KeyType": "RANGE" },
        ],
    });
    if let Some((index_sort, indexes)) = index {
        attributes.push(attribute(index_sort));
        request["GlobalSecondaryIndexes"] = indexes;
    }
    request["AttributeDefinitions"] = attributes.into();
    let described = serde_json::from_value(json!({ "TableName": name }))?;
    if database.describe_table(described).is_ok() {
        return Ok(());
    }
    database
        .create_table(serde_json::from_value(request)?)
        .map_err(|error| anyhow!("failed to make the table {name}: {error}"))?;
    Ok(())
}
