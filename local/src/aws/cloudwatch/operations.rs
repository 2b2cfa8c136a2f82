//! The operations, on requests in CBOR.

use std::collections::BTreeMap;

use ciborium::Value;

use super::fields::{field, float, invalid, list, map, millis, required_text, timestamp};
use crate::aws::refusal::Refusal;
use crate::aws::store::{self, Store};

pub(super) async fn put(store: &Store, request: &Value) -> Result<Value, Refusal> {
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

pub(super) async fn statistics(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let time = |name| field(request, name).and_then(millis).ok_or_else(|| invalid(name));
    let period = field(request, "Period").and_then(float).filter(|period| *period >= 1.0);
    let period_ms = (period.ok_or_else(|| invalid("Period"))? * 1000.0) as i64;
    let metric = metric(required_text(request, "Namespace")?, request)?;
    let points = periods(store, metric, time("StartTime")?, time("EndTime")?, period_ms)
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

/// Lists the metrics with the requested namespace, name and dimensions, each of which may be absent, in one page.
pub(super) async fn metrics(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let given = |name| field(request, name).and_then(Value::as_text);
    let requested: Vec<String> =
        list(request, "Dimensions").iter().map(dimension).collect::<Result<_, _>>()?;
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
        let matches = given("MetricName").is_none_or(|requested| requested == name)
            && requested.iter().all(|dimension| dimensions.contains(&dimension.as_str()));
        matches.then(|| {
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

/// Answers up to 500 queries, in one page.
pub(super) async fn data(store: &Store, request: &Value) -> Result<Value, Refusal> {
    let queries = list(request, "MetricDataQueries");
    if queries.is_empty() || queries.len() > 500 {
        return Err(invalid("The collection MetricDataQueries must have a size from 1 to 500."));
    }
    let time = |name| field(request, name).and_then(millis).ok_or_else(|| invalid(name));
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    let mut results = Vec::new();
    for query in queries {
        let stat = field(query, "MetricStat").ok_or_else(|| invalid("MetricStat"))?;
        let requested = field(stat, "Metric").ok_or_else(|| invalid("Metric"))?;
        let period = field(stat, "Period").and_then(float).filter(|period| *period >= 1.0);
        let period_ms = (period.ok_or_else(|| invalid("Period"))? * 1000.0) as i64;
        let metric = metric(required_text(requested, "Namespace")?, requested)?;
        let periods = periods(store, metric, from, to, period_ms).await?;
        let value: fn((f64, f64, i64)) -> f64 = match required_text(stat, "Stat")? {
            "Maximum" => |(maximum, _, _)| maximum,
            "Sum" => |(_, sum, _)| sum,
            "SampleCount" => |(_, _, count)| count as f64,
            other => return Err(invalid(&format!("unsupported statistic: {other:?}"))),
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

/// The periods in which a metric has values, each with its maximum, sum and count.
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

/// A metric's full name: namespace, name and dimensions. Dimensions are sorted, since their order has no meaning.
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

/// A dimension as part of a metric's full name.
fn dimension(dimension: &Value) -> Result<String, Refusal> {
    let value = required_text(dimension, "Value")?;
    let fits = (1..=1024).contains(&value.len()) && value.is_ascii() && !value.trim().is_empty();
    if !fits || value.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(invalid("The value of a dimension must be 1 to 1024 ASCII characters."));
    }
    Ok(format!("{}={value}", required_text(dimension, "Name")?))
}
