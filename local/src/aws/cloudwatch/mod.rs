//! CloudWatch, limited to the operations in use: `PutMetricData`, `ListMetrics` and `GetMetricData` for the programs,
//! and `GetMetricStatistics` for tests and the AWS CLI.
//!
//! The SDK speaks `rpc-v2-cbor`, <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>; the AWS CLI
//! speaks `aws-json-1.0`.

mod fields;
mod operations;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value;

use self::fields::map;
use super::cbor_json::{from_json, to_json};
use super::refusal::Refusal;
use super::store::Store;

/// CloudWatch's name in both protocols.
pub(super) const SERVICE: &str = "GraniteServiceVersion20100801";

/// Answers one request in CBOR.
pub(crate) async fn answer(store: &Store, service: &str, operation: &str, body: &[u8]) -> Response {
    let request: Value = match ciborium::from_reader(body) {
        Ok(request) => request,
        Err(_) => return refused(&Refusal::new("SerializationException", "the body is not CBOR")),
    };
    if service != SERVICE {
        return refused(&Refusal::new("UnknownOperationException", operation));
    }
    let answer = run(store, operation, &request).await;
    answer.map_or_else(|refusal| refused(&refusal), |answer| encoded(StatusCode::OK, &answer))
}

/// Answers one request in JSON.
pub(crate) async fn answer_json(
    store: &Store,
    operation: &str,
    request: serde_json::Value,
) -> Result<serde_json::Value, Refusal> {
    run(store, operation, &from_json(request)).await.map(to_json)
}

async fn run(store: &Store, operation: &str, request: &Value) -> Result<Value, Refusal> {
    match operation {
        "PutMetricData" => operations::put(store, request).await,
        "ListMetrics" => operations::metrics(store, request).await,
        "GetMetricData" => operations::data(store, request).await,
        "GetMetricStatistics" => operations::statistics(store, request).await,
        _ => Err(Refusal::new("UnknownOperationException", operation)),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let body = map([
        ("__type", Value::Text(refusal.code.to_owned())),
        ("message", Value::Text(refusal.message.clone())),
    ]);
    encoded(refusal.status, &body)
}

fn encoded(status: StatusCode, body: &Value) -> Response {
    let mut bytes = Vec::new();
    match ciborium::into_writer(body, &mut bytes) {
        Ok(()) => {
            let headers =
                [(header::CONTENT_TYPE.as_str(), "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
            (status, headers, bytes).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::Health;

    #[tokio::test]
    async fn metrics_are_put_listed_and_read_in_json() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store"), Health::default()).unwrap();
        let ask = async |operation: &str, request| answer_json(&store, operation, request).await.unwrap();
        let now = utc_time::UtcTime::now().as_millis() / 1000;
        let (hour, dimension) = (now - now % 3600, json!([{ "Name": "Keyword", "Value": "rust" }]));
        let metric = json!({ "Namespace": "Aviary", "MetricName": "Tweets", "Dimensions": dimension });
        let datum = json!({ "MetricName": "Tweets", "Dimensions": dimension, "Timestamp": hour, "Value": 7 });
        let plain = json!({ "MetricName": "Other", "Timestamp": hour as f64 + 0.5, "Value": 1.5 });
        ask("PutMetricData", json!({ "Namespace": "Aviary", "MetricData": [datum, plain] })).await;
        let listed = ask("ListMetrics", json!({})).await;
        assert_eq!(listed["Metrics"].as_array().unwrap().len(), 2, "{listed}");
        let listed = ask("ListMetrics", json!({ "MetricName": "Tweets" })).await;
        assert_eq!(listed["Metrics"], json!([metric]));
        let range = json!({ "StartTime": hour, "EndTime": hour + 3600, "Period": 3600 });
        let mut query = metric.clone();
        query.as_object_mut().unwrap().extend(range.as_object().unwrap().clone());
        let statistics = ask("GetMetricStatistics", query).await;
        assert_eq!(
            statistics["Datapoints"],
            json!([{ "Timestamp": hour as f64, "Maximum": 7.0, "Sum": 7.0, "SampleCount": 1.0, "Unit": "Count" }])
        );
        let query =
            json!([{ "Id": "a", "MetricStat": { "Metric": metric, "Period": 3600, "Stat": "Maximum" } }]);
        let data = ask(
            "GetMetricData",
            json!({ "StartTime": hour, "EndTime": hour + 3600, "MetricDataQueries": query }),
        )
        .await;
        assert_eq!(data["MetricDataResults"][0]["Values"], json!([7.0]));
        let unknown = answer_json(&store, "PutDashboard", json!({})).await.unwrap_err();
        assert_eq!(unknown.code, "UnknownOperationException");
    }
}
