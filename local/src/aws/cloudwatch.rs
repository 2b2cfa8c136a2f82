//! CloudWatch, of the operations that we call: `PutMetricData`, `ListMetrics` and `GetMetricData`; and
//! `GetMetricStatistics`, by which tests and the AWS CLI read it.
//!
//! Its SDK speaks `rpc-v2-cbor`: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>; the AWS CLI
//! speaks `aws-json-1.0`.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value;

use super::Refusal;
use super::cbor_json::{from_json, to_json};
use super::store::{self, Store};

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
        "PutMetricData" => put(store, request).await,
        "ListMetrics" => metrics(store, request).await,
        "GetMetricData" => data(store, request).await,
        "GetMetricStatistics" => statistics(store, request).await,
        _ => Err(Refusal::new("UnknownOperationException", operation)),
    }
}

async fn put(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let namespace = required_text(request, "Namespace")?;
    let data = list(request, "MetricData");
    if data.is_empty() || data.len() > 1000 {
        return Err(invalid("The collection MetricData must have a size from 1 to 1000."));
    }
    let now = utc_time::UtcTime::now().as_millis();
    let values = data
        .iter()
        .map(|datum| {
            let at_ms = field(datum, "Timestamp").and_then(millis).unwrap_or(now);
            // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
            const DAY_MS: i64 = 24 * 60 * 60 * 1000;
            if !(now - 14 * DAY_MS..=now + DAY_MS / 12).contains(&at_ms) {
                return Err(invalid("Timestamp must be from two weeks ago to two hours from now."));
            }
            let value = field(datum, "Value").and_then(float).filter(|value| value.is_finite());
            let value = value.ok_or_else(|| invalid("Value must be a number."))?;
            Ok(store::Value { metric: metric(namespace, datum)?, at_ms, value })
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    store.put_values(values).await?;
    Ok(Value::Map(Vec::new()))
}

async fn statistics(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let moment = |name| field(request, name).and_then(millis).ok_or_else(|| invalid(name));
    let period = field(request, "Period").and_then(float).filter(|period| *period >= 1.0);
    let period_ms = (period.ok_or_else(|| invalid("Period"))? * 1000.0) as i64;
    let metric = metric(required_text(request, "Namespace")?, request)?;
    let points = periods(store, metric, moment("StartTime")?, moment("EndTime")?, period_ms)
        .await?
        .into_iter()
        .map(|(at, (maximum, sum, count))| {
            map([
                ("Timestamp", timestamp(at)),
                ("Maximum", Value::Float(maximum)),
                ("Sum", Value::Float(sum)),
                ("SampleCount", Value::Float(count as f64)),
                ("Unit", Value::Text("Count".to_owned())),
            ])
        })
        .collect();
    Ok(map([
        ("Label", Value::Text(required_text(request, "MetricName")?.to_owned())),
        ("Datapoints", Value::Array(points)),
    ]))
}

/// Those with this namespace, name and dimensions, as far as they are given, in one page.
async fn metrics(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let given = |name| field(request, name).and_then(Value::as_text);
    let wanted: Vec<String> = list(request, "Dimensions").iter().map(dimension).collect::<Result<_, _>>()?;
    let beginning = match (given("Namespace"), given("MetricName")) {
        (Some(namespace), Some(name)) => format!("{namespace}\n{name}\n"),
        (Some(namespace), None) => format!("{namespace}\n"),
        (None, _) => String::new(),
    };
    let found = store.metrics(beginning).await?;
    let found = found.iter().filter_map(|metric| {
        let (namespace, rest) = metric.split_once('\n')?;
        let (name, dimensions) = rest.split_once('\n')?;
        let dimensions: Vec<&str> =
            dimensions.split('\n').filter(|dimension| !dimension.is_empty()).collect();
        let asked_for = given("MetricName").is_none_or(|wanted| wanted == name)
            && wanted.iter().all(|wanted| dimensions.contains(&wanted.as_str()));
        asked_for.then(|| {
            let text = |text: &str| Value::Text(text.to_owned());
            let dimensions = dimensions.iter().filter_map(|dimension| dimension.split_once('='));
            let dimensions =
                dimensions.map(|(name, value)| map([("Name", text(name)), ("Value", text(value))])).collect();
            map([
                ("Namespace", text(namespace)),
                ("MetricName", text(name)),
                ("Dimensions", Value::Array(dimensions)),
            ])
        })
    });
    Ok(map([("Metrics", Value::Array(found.collect()))]))
}

/// What is asked of up to 500 metrics, in one page.
async fn data(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let queries = list(request, "MetricDataQueries");
    if queries.is_empty() || queries.len() > 500 {
        return Err(invalid("The collection MetricDataQueries must have a size from 1 to 500."));
    }
    let moment = |name| field(request, name).and_then(millis).ok_or_else(|| invalid(name));
    let (from, to) = (moment("StartTime")?, moment("EndTime")?);
    let mut results = Vec::new();
    for query in queries {
        let stat = field(query, "MetricStat").ok_or_else(|| invalid("MetricStat"))?;
        let asked = field(stat, "Metric").ok_or_else(|| invalid("Metric"))?;
        let period = field(stat, "Period").and_then(float).filter(|period| *period >= 1.0);
        let period_ms = (period.ok_or_else(|| invalid("Period"))? * 1000.0) as i64;
        let metric = metric(required_text(asked, "Namespace")?, asked)?;
        let periods = periods(store, metric, from, to, period_ms).await?;
        let value: fn((f64, f64, i64)) -> f64 = match required_text(stat, "Stat")? {
            "Maximum" => |(maximum, _, _)| maximum,
            "Sum" => |(_, sum, _)| sum,
            "SampleCount" => |(_, _, count)| count as f64,
            other => return Err(invalid(&format!("no such statistic here: {other:?}"))),
        };
        let (times, values) =
            periods.into_iter().map(|(at, of)| (timestamp(at), Value::Float(value(of)))).unzip();
        results.push(map([
            ("Id", Value::Text(required_text(query, "Id")?.to_owned())),
            ("Timestamps", Value::Array(times)),
            ("Values", Value::Array(values)),
            ("StatusCode", Value::Text("Complete".to_owned())),
        ]));
    }
    Ok(map([("MetricDataResults", Value::Array(results))]))
}

/// The periods in which a metric has values: maximum, sum, count.
async fn periods(
    store: &Store,
    metric: String,
    from: i64,
    to: i64,
    period_ms: i64,
) -> Result<BTreeMap<i64, (f64, f64, i64)>, Refusal> {
    let mut periods: BTreeMap<i64, (f64, f64, i64)> = BTreeMap::new();
    for (at, maximum, sum, count) in store.values(metric, from, to).await? {
        let period = periods.entry(at - at.rem_euclid(period_ms)).or_insert((maximum, 0.0, 0));
        *period = (period.0.max(maximum), period.1 + sum, period.2 + count);
    }
    Ok(periods)
}

/// A metric's whole name: dimensions in alphabetical order, for their order means nothing.
fn metric(namespace: &str, datum: &Value) -> Result<String, Refusal> {
    let name = required_text(datum, "MetricName")?;
    let mut dimensions = Vec::new();
    for one in list(datum, "Dimensions") {
        dimensions.push(dimension(one)?);
    }
    if dimensions.len() > 30 {
        return Err(invalid("The collection Dimensions must not have a size greater than 30."));
    }
    dimensions.sort();
    Ok(format!("{namespace}\n{name}\n{}", dimensions.join("\n")))
}

/// A dimension, as it stands in a metric's whole name.
fn dimension(dimension: &Value) -> Result<String, Refusal> {
    let value = required_text(dimension, "Value")?;
    let fits = (1..=1024).contains(&value.len()) && value.is_ascii() && !value.trim().is_empty();
    if !fits || value.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(invalid("The value of a dimension must be 1 to 1024 ASCII characters."));
    }
    Ok(format!("{}={value}", required_text(dimension, "Name")?))
}

fn field<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

fn list<'a>(map: &'a Value, name: &str) -> &'a [Value] {
    field(map, name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn required_text<'a>(map: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    let text = field(map, name).and_then(Value::as_text).filter(|text| !text.is_empty());
    text.ok_or_else(|| invalid(&format!("The parameter {name} is required.")))
}

fn float(value: &Value) -> Option<f64> {
    let integer =
        || value.as_integer().and_then(|number| i64::try_from(number).ok()).map(|number| number as f64);
    value.as_float().or_else(integer)
}

fn timestamp(millis: i64) -> Value {
    Value::Tag(1, Box::new(Value::Float(millis as f64 / 1000.0)))
}

/// A moment is seconds since 1970; in CBOR they are tagged 1.
fn millis(value: &Value) -> Option<i64> {
    let seconds = value.as_tag().map_or(value, |(_, seconds)| seconds);
    Some((float(seconds)? * 1000.0).round() as i64)
}

fn invalid(message: &str) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::Text(name.to_owned()), value)).collect())
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
    async fn what_is_put_in_json_is_listed_and_read_in_json() {
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
        let mut asked = metric.clone();
        asked.as_object_mut().unwrap().extend(range.as_object().unwrap().clone());
        let statistics = ask("GetMetricStatistics", asked).await;
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
