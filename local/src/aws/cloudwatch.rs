//! CloudWatch, of the operations that we call: `PutMetricData`, and `GetMetricStatistics` to read it.
//!
//! Its SDK speaks `rpc-v2-cbor`: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value;

use super::Refusal;
use super::store::{self, Store};

const SERVICE: &str = "GraniteServiceVersion20100801";

/// Answers one request.
pub(crate) fn answer(store: &Store, service: &str, operation: &str, body: &[u8]) -> Response {
    let request: Value = match ciborium::from_reader(body) {
        Ok(request) => request,
        Err(_) => return refused(&Refusal::new("SerializationException", "the body is not CBOR")),
    };
    let answer = match (service, operation) {
        (SERVICE, "PutMetricData") => put(store, &request),
        (SERVICE, "GetMetricStatistics") => get(store, &request),
        _ => Err(Refusal::new("UnknownOperationException", operation)),
    };
    answer.map_or_else(|refusal| refused(&refusal), |answer| encoded(StatusCode::OK, &answer))
}

fn put(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let namespace = required_text(request, "Namespace")?;
    let data = list(request, "MetricData");
    if data.is_empty() || data.len() > 1000 {
        return Err(invalid("The collection MetricData must have a size from 1 to 1000."));
    }
    let now = posts::UtcTime::now().as_millis();
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
    store.put_values(&values)?;
    Ok(Value::Map(Vec::new()))
}

fn get(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let moment = |name| field(request, name).and_then(millis).ok_or_else(|| invalid(name));
    let period = field(request, "Period").and_then(float).filter(|period| *period >= 1.0);
    let period_ms = (period.ok_or_else(|| invalid("Period"))? * 1000.0) as i64;
    let metric = metric(required_text(request, "Namespace")?, request)?;
    let mut periods: std::collections::BTreeMap<i64, (f64, f64, i64)> = std::collections::BTreeMap::new();
    for (at, maximum, sum, count) in store.values(&metric, moment("StartTime")?, moment("EndTime")?)? {
        let period = periods.entry(at - at.rem_euclid(period_ms)).or_insert((maximum, 0.0, 0));
        *period = (period.0.max(maximum), period.1 + sum, period.2 + count);
    }
    let points = periods
        .into_iter()
        .map(|(at, (maximum, sum, count))| {
            map([
                ("Timestamp", Value::Tag(1, Box::new(Value::Float(at as f64 / 1000.0)))),
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

/// A metric's whole name: dimensions in alphabetical order, for their order means nothing.
fn metric(namespace: &str, datum: &Value) -> Result<String, Refusal> {
    let name = required_text(datum, "MetricName")?;
    let mut dimensions = Vec::new();
    for dimension in list(datum, "Dimensions") {
        let value = required_text(dimension, "Value")?;
        let fits = (1..=1024).contains(&value.len()) && value.is_ascii() && !value.trim().is_empty();
        if !fits || value.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(invalid("The value of a dimension must be 1 to 1024 ASCII characters."));
        }
        dimensions.push(format!("{}={value}", required_text(dimension, "Name")?));
    }
    if dimensions.len() > 30 {
        return Err(invalid("The collection Dimensions must not have a size greater than 30."));
    }
    dimensions.sort();
    Ok(format!("{namespace}\n{name}\n{}", dimensions.join("\n")))
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

/// A moment is seconds since 1970, tagged 1.
fn millis(value: &Value) -> Option<i64> {
    let (_, seconds) = value.as_tag()?;
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
    encoded(StatusCode::BAD_REQUEST, &body)
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
