//! DynamoDB: dynoxide on a SQLite file.

mod engine;
mod layout;
mod schema;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio_util::task::AbortOnDropHandle;

use self::engine::{Engine, Outcome};
use super::health::Health;
use super::refusal::Refusal;

/// The tables. Writers are served in turn, and so are readers. Readers do not wait for writers, and see what is
/// committed.
#[derive(Debug)]
pub(crate) struct Tables {
    writing: Arc<Mutex<Engine>>,
    reading: Arc<Mutex<Engine>>,
    health: Health,
    /// The URL of dynoxide's HTTP server.
    url: String,
    http: reqwest::Client,
    _server: AbortOnDropHandle<()>,
}

impl Tables {
    /// Opens or creates the file, with the tables of the template. Tables of an earlier layout are converted first.
    pub(crate) async fn open(path: &Path, health: Health) -> anyhow::Result<Self> {
        let path = path.to_str().ok_or_else(|| anyhow!("the data folder's name is not UTF-8"))?;
        let database = Database::new(path).map_err(|error| anyhow!("failed to open {path}: {error}"))?;
        // The end of bulk loading sets `synchronous = NORMAL`, with which a commit does not wait for the disk. A
        // process that is killed still loses nothing.
        database.disable_bulk_loading().map_err(|error| anyhow!("failed to set up {path}: {error}"))?;
        layout::convert(path, &database).with_context(|| format!("failed to convert {path}"))?;
        schema::create_tables(&database)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("failed to listen for DynamoDB")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let http = reqwest::Client::builder().no_proxy().build()?;
        let second =
            Database::new(path).map_err(|error| anyhow!("failed to open {path} a second time: {error}"))?;
        let engine = |database| Arc::new(Mutex::new(Engine::new(database)));
        let (writing, reading) = (engine(database), engine(second));
        Ok(Self { writing, reading, health, url, http, _server: AbortOnDropHandle::new(server) })
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let reads = matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan");
        let engine = if reads { &self.reading } else { &self.writing };
        let mut engine = Arc::clone(engine).lock_owned().await;
        let (operation, request) = (operation.to_owned(), body.clone());
        // Reading and writing a file blocks, so it runs on a thread of its own.
        let outcome = tokio::task::spawn_blocking(move || engine.run(&operation, &request)).await;
        let (status, answer) = match outcome {
            Ok(Outcome::Answered(answer)) => (StatusCode::OK, answer),
            Ok(Outcome::Failed(error)) => {
                let answer = error.to_json();
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                if status.is_server_error() {
                    tracing::error!(%error, "tables.sqlite failed");
                    self.health.note_message(&answer);
                }
                (status, answer)
            }
            Ok(Outcome::Forwarded) => return self.forward(headers, body).await,
            Err(error) => {
                // The request may have taken effect, so it is not retried here.
                tracing::error!(%error, "DynamoDB failed");
                let refusal = Refusal::new("InternalServerError", "DynamoDB failed");
                return (StatusCode::INTERNAL_SERVER_ERROR, refusal).into_response();
            }
        };
        (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer).into_response()
    }

    /// Deletes expired items. Other requests are answered in the meantime.
    pub(crate) async fn delete_expired(&self) {
        let database = self.writing.lock().await.database();
        let (sender, done) = oneshot::channel();
        // On a thread of its own, so that the program can exit without waiting for it.
        std::thread::spawn(move || sender.send(database.sweep_ttl()));
        match done.await {
            Ok(Ok(items)) => tracing::debug!(items, "deleted expired items"),
            Ok(Err(error)) => tracing::error!(%error, "could not delete expired items"),
            Err(_) => tracing::error!("could not delete expired items"),
        }
    }

    /// Forwards a request to dynoxide's HTTP server.
    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Response {
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
                Refusal::failure("DynamoDB failed").into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use posts::tweets::TweetsTable;
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::resources::{STATUS_TABLE, TTL_ATTRIBUTE, TWEETS_TABLE};

    async fn tables() -> (tempfile::TempDir, Tables) {
        service::aws::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let tables = Tables::open(&folder.path().join("tables"), Health::default()).await.unwrap();
        (folder, tables)
    }

    async fn ask(tables: &Tables, operation: &str, request: Value) -> (u16, Value) {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", &format!("DynamoDB_20120810.{operation}")),
            ("x-amz-date", "20261123T100000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=a",
            ),
        ] {
            headers.insert(axum::http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        let answer = tables.answer(operation, &headers, request.to_string().into()).await;
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn post(id: &str, expires_at: u64) -> Value {
        json!({
            "tweetId": { "S": id }, "keyword": { "S": "rust" }, "createDate": { "S": "2026" },
            "expiresAt": { "N": expires_at.to_string() },
        })
    }

    #[tokio::test]
    async fn expired_items_are_deleted_from_the_table_and_its_index() {
        let (_folder, tables) = tables().await;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        for (id, expires_at) in [("1", now - 60), ("2", now + 3600), ("3", 1)] {
            let put = json!({ "TableName": TWEETS_TABLE, "Item": post(id, expires_at) });
            assert_eq!(ask(&tables, "PutItem", put).await.0, 200);
        }
        let all = json!({
            "TableName": TWEETS_TABLE, "IndexName": TweetsTable::INDEX,
            "KeyConditionExpression": "keyword = :k", "ExpressionAttributeValues": { ":k": { "S": "rust" } },
        });
        assert_eq!(ask(&tables, "Query", all.clone()).await.1["Count"], 3);
        tables.delete_expired().await;
        let (_, left) = ask(&tables, "Query", all).await;
        assert_eq!((&left["Count"], &left["Items"][0]["tweetId"]["S"]), (&1.into(), &"2".into()));
        let request = json!({ "TableName": STATUS_TABLE });
        let (_, described) = ask(&tables, "DescribeTimeToLive", request).await;
        assert_eq!(described["TimeToLiveDescription"]["AttributeName"], TTL_ATTRIBUTE);
    }

    #[tokio::test]
    async fn a_repeated_transaction_is_executed_once() {
        let (_folder, tables) = tables().await;
        let transaction = |token: &str| {
            json!({ "ClientRequestToken": token, "TransactItems": [
                { "Put": { "TableName": TWEETS_TABLE, "Item": post("1", 9), "ConditionExpression": "attribute_not_exists(tweetId)" } },
            ] })
        };
        assert_eq!(ask(&tables, "TransactWriteItems", transaction("a")).await, (200, json!({})));
        assert_eq!(ask(&tables, "TransactWriteItems", transaction("a")).await, (200, json!({})));
        let (status, refused) = ask(&tables, "TransactWriteItems", transaction("b")).await;
        assert_eq!(
            (status, &refused["CancellationReasons"][0]["Code"]),
            (400, &"ConditionalCheckFailed".into())
        );
    }

    #[tokio::test]
    async fn refusals_are_those_of_aws() {
        let (_folder, tables) = tables().await;
        let (status, refused) =
            ask(&tables, "GetItem", json!({ "TableName": TWEETS_TABLE, "Key": { "tweetId": { "S": "1" } } }))
                .await;
        assert_eq!(
            (status, &refused["message"]),
            (400, &"The provided key element does not match the schema".into())
        );
        let (status, refused) = ask(&tables, "Nothing", json!({})).await;
        assert_eq!(
            (status, &refused["__type"]),
            (400, &"com.amazon.coral.service#UnknownOperationException".into())
        );
    }
}
