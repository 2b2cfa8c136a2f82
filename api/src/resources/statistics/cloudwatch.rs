//! Counts as CloudWatch has them, compared with the table's.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDataResult, MetricStat,
};
use posts::Keyword;
use posts::metrics::{MetricValue, Metrics};
use posts::statistics::HourCount;
use service::namespace::Namespace;
use utc_time::UtcTime;

use super::Counts;
use super::hours::Hours;
use super::rows::{By, Row};

/// The most metrics in one request.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const METRICS_A_REQUEST: usize = 500;

/// A metric's dimensions: names and values.
type Dimensions = Vec<(&'static str, String)>;

/// Where CloudWatch's counts are read.
#[derive(Clone, Debug)]
pub(crate) struct CloudWatch {
    pub(crate) client: aws_sdk_cloudwatch::Client,
    pub(crate) namespace: Namespace,
}

/// The rows of CloudWatch's counts; `counts` are the table's of the same hours.
pub(super) async fn rows(
    cloudwatch: &CloudWatch,
    keyword: Option<&Keyword>,
    hours: Hours,
    by: By,
    counts: &Counts,
) -> Result<Vec<Row>, aws_sdk_cloudwatch::Error> {
    let (metric, period) = match (by, keyword) {
        (By::Minute, _) => (Metrics::PER_MINUTE, 60),
        (By::Country, Some(_)) => (Metrics::BY_KEYWORD_AND_COUNTRY, 3600),
        (By::Country, None) => (Metrics::BY_COUNTRY, 3600),
        _ => (Metrics::BY_KEYWORD, 3600),
    };
    let expected = match counts {
        Counts::Minutes(counts) => counts.iter().map(MetricValue::of_minute).collect(),
        Counts::Hours(counts) => expected(counts, keyword.is_none(), metric),
    };
    // A metric is not listed if it has had no values for two weeks, or none at all.
    let mut metrics = listed(cloudwatch, metric, keyword).await?;
    metrics.extend(expected.iter().map(|value| value.dimensions.clone()));
    let keywords: BTreeMap<String, &Keyword> = counts
        .hours()
        .iter()
        .map(|count| (Metrics::keyword_dimension(&count.keyword), &count.keyword))
        .collect();
    let name = |dimensions: &Dimensions, at: UtcTime| match by {
        By::Minute => at.minute(),
        By::Hour => at.hour(),
        By::Day => at.day(),
        By::Country => value(dimensions, Metrics::COUNTRY),
        By::Keyword => {
            let dimension = value(dimensions, Metrics::KEYWORD);
            keywords.get(&dimension).map_or(dimension, |keyword| keyword.to_string())
        }
    };
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (dimensions, at, value) in values(cloudwatch, metric, period, metrics, hours).await? {
        sums.entry(name(&dimensions, at)).or_default().0 += value;
    }
    for value in &expected {
        sums.entry(name(&value.dimensions, value.at)).or_default().1 += value.collected;
    }
    let rows = sums.into_iter().map(|(name, (collected, table))| Row {
        collected,
        table: (collected != table).then_some(table),
        ..by.row(name)
    });
    Ok(rows.collect())
}

/// The values that CloudWatch should have of a metric.
fn expected(counts: &[HourCount], all_keywords: bool, metric: &str) -> Vec<MetricValue> {
    let mut by_hour: BTreeMap<UtcTime, Vec<HourCount>> = BTreeMap::new();
    for count in counts {
        by_hour.entry(count.hour).or_default().push(count.clone());
    }
    let of = if all_keywords { MetricValue::of_hour } else { MetricValue::of_keyword };
    let values = by_hour.values().flat_map(|counts| of(counts));
    values.filter(|value| value.metric == metric).collect()
}

/// The dimensions under which a metric has had values in the last two weeks.
async fn listed(
    cloudwatch: &CloudWatch,
    metric: &str,
    keyword: Option<&Keyword>,
) -> Result<BTreeSet<Dimensions>, aws_sdk_cloudwatch::Error> {
    let mut request =
        cloudwatch.client.list_metrics().namespace(cloudwatch.namespace.as_str()).metric_name(metric);
    if let Some(keyword) = keyword {
        let value = Metrics::keyword_dimension(keyword);
        request = request.dimensions(DimensionFilter::builder().name(Metrics::KEYWORD).value(value).build());
    }
    let mut pages = request.into_paginator().send();
    let mut found = BTreeSet::new();
    while let Some(page) = pages.next().await {
        found.extend(page?.metrics().iter().map(dimensions));
    }
    Ok(found)
}

fn dimensions(metric: &Metric) -> Dimensions {
    let dimension = |name| {
        let mut dimensions = metric.dimensions().iter();
        let dimension = dimensions.find(|dimension| dimension.name() == Some(name))?;
        Some((name, dimension.value()?.to_owned()))
    };
    [Metrics::KEYWORD, Metrics::COUNTRY].into_iter().filter_map(dimension).collect()
}

/// The values that CloudWatch has of a metric under each of these dimensions, one for each period of so many seconds.
async fn values(
    cloudwatch: &CloudWatch,
    metric: &str,
    period: i32,
    metrics: BTreeSet<Dimensions>,
    hours: Hours,
) -> Result<Vec<(Dimensions, UtcTime, u64)>, aws_sdk_cloudwatch::Error> {
    let metrics: Vec<Dimensions> = metrics.into_iter().collect();
    let mut values = Vec::new();
    for chunk in metrics.chunks(METRICS_A_REQUEST) {
        let queries = chunk.iter().enumerate().map(|(number, dimensions)| {
            let dimensions = dimensions
                .iter()
                .map(|(name, value)| Dimension::builder().name(*name).value(value).build())
                .collect();
            let metric = Metric::builder()
                .namespace(cloudwatch.namespace.as_str())
                .metric_name(metric)
                .set_dimensions(Some(dimensions))
                .build();
            // Counts only grow: the latest value of a period is its largest.
            let stat = MetricStat::builder().metric(metric).period(period).stat("Maximum").build();
            MetricDataQuery::builder().id(format!("m{number}")).metric_stat(stat).build()
        });
        let mut pages = cloudwatch
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(DateTime::from_millis(hours.first.as_millis()))
            .end_time(DateTime::from_millis(hours.end.as_millis()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for result in page?.metric_data_results() {
                let number = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                if let Some(dimensions) = number.and_then(|number| chunk.get(number)) {
                    let points = points(result).map(|(hour, value)| (dimensions.clone(), hour, value));
                    values.extend(points);
                }
            }
        }
    }
    Ok(values)
}

fn points(result: &MetricDataResult) -> impl Iterator<Item = (UtcTime, u64)> {
    result.timestamps().iter().zip(result.values()).filter_map(|(at, value)| {
        let at = UtcTime::from_millis(at.to_millis().ok()?).ok()?;
        // A count: whole, and below 2^53.
        Some((at, *value as u64))
    })
}

fn value(dimensions: &Dimensions, dimension: &str) -> String {
    let mut dimensions = dimensions.iter();
    dimensions.find(|(name, _)| *name == dimension).map(|(_, value)| value.clone()).unwrap_or_default()
}
