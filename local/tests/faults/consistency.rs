//! Whether the tables, CloudWatch and the queues are consistent with each other.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use aws_sdk_sqs::types::QueueAttributeName;
use posts::metrics::Metrics;
use posts::statistics::HourCount;
use service::namespace::Namespace;
use utc_time::UtcTime;

use crate::world::World;

/// A metric's name, and its dimensions.
type Metric<'a> = (&'a str, Vec<(&'a str, String)>);

/// Checks that the counts, CloudWatch and the queues are consistent.
///
/// # Errors
/// The first difference found.
pub(crate) async fn agree(world: &World) -> Result<(), String> {
    published(world).await?;
    let aws = &world.machine.as_ref().unwrap().aws;
    let sqs = aws_sdk_sqs::Client::new(aws.sdk());
    let all = sqs.list_queues().send().await.unwrap();
    hold_nothing(world, all.queue_urls()).await
}

/// Checks that CloudWatch has what was counted in the last hour or two.
///
/// # Errors
/// The first difference found.
pub(crate) async fn published(world: &World) -> Result<(), String> {
    let aws = &world.machine.as_ref().unwrap().aws;
    let statistics = aws.statistics_table();
    let cloudwatch = aws_sdk_cloudwatch::Client::new(aws.sdk());
    let now = UtcTime::now();
    let mut stored = 0;
    for hour in [now.before(Duration::from_secs(60 * 60)).start_of_hour(), now.start_of_hour()] {
        let mut expected: BTreeMap<Metric<'_>, u64> = BTreeMap::new();
        for keyword in world.requested.keys() {
            for count in statistics.between(&keyword.parse().unwrap(), hour, hour).await.unwrap() {
                let counted = count.counted();
                let HourCount { country, collected, .. } = count;
                let country = country.map_or("unknown".to_owned(), |country| country.to_string());
                let keyword = (Metrics::KEYWORD, (*keyword).to_owned());
                let country = (Metrics::COUNTRY, country);
                stored += collected;
                *expected.entry((Metrics::BY_KEYWORD, vec![keyword.clone()])).or_default() += counted;
                *expected.entry((Metrics::BY_COUNTRY, vec![country.clone()])).or_default() += collected;
                expected.insert((Metrics::BY_KEYWORD_AND_COUNTRY, vec![keyword, country]), collected);
            }
        }
        for ((metric, dimensions), value) in expected {
            let dimensions: Vec<Dimension> = dimensions
                .iter()
                .map(|(name, value)| Dimension::builder().name(*name).value(value).build())
                .collect();
            let published = values(&cloudwatch, metric, &dimensions, hour, 3600).await;
            let published = published.values().next().copied().unwrap_or_default();
            if published != value {
                return Err(format!("{metric} {dimensions:?} of {hour} is {published}, not {value}"));
            }
        }
        for keyword in world.requested.keys() {
            let counts = statistics.minutes(&keyword.parse().unwrap(), hour, hour).await.unwrap();
            let counted: BTreeMap<i64, u64> =
                counts.iter().map(|count| (count.minute.as_millis(), count.collected)).collect();
            let dimensions = [Dimension::builder().name(Metrics::KEYWORD).value(*keyword).build()];
            let published = values(&cloudwatch, Metrics::PER_MINUTE, &dimensions, hour, 60).await;
            if published != counted {
                return Err(format!("the minutes of {keyword} in {hour} are {published:?}, not {counted:?}"));
            }
        }
    }
    if stored == 0 {
        return Err("nothing is stored".to_owned());
    }
    Ok(())
}

/// The values of a metric in an hour, by the time at which each period of so many seconds begins.
async fn values(
    cloudwatch: &aws_sdk_cloudwatch::Client,
    metric: &str,
    dimensions: &[Dimension],
    hour: UtcTime,
    period: i32,
) -> BTreeMap<i64, u64> {
    let answer = cloudwatch
        .get_metric_statistics()
        .namespace(Namespace::default().as_str())
        .metric_name(metric)
        .set_dimensions(Some(dimensions.to_vec()))
        .start_time(DateTime::from_millis(hour.as_millis()))
        .end_time(DateTime::from_millis(hour.as_millis() + 3_600_000))
        .period(period)
        .statistics(Statistic::Maximum)
        .send()
        .await
        .unwrap();
    let value = |point: &aws_sdk_cloudwatch::types::Datapoint| {
        (point.timestamp().unwrap().to_millis().unwrap(), point.maximum().unwrap() as u64)
    };
    answer.datapoints().iter().map(value).collect()
}

/// Checks that the queues of the pipeline hold nothing. StreamCloseQueue may: nobody reads it while no streamer runs.
///
/// # Errors
/// The first message found.
pub(crate) async fn all_is_handled(world: &World) -> Result<(), String> {
    let aws = &world.machine.as_ref().unwrap().aws;
    let urls = ["TweetsFifoQueue.fifo", "TweetsDeadLetterQueue.fifo"].map(|queue| aws.queue_url(queue));
    hold_nothing(world, &urls).await
}

async fn hold_nothing(world: &World, urls: &[String]) -> Result<(), String> {
    let sqs = aws_sdk_sqs::Client::new(world.machine.as_ref().unwrap().aws.sdk());
    for url in urls {
        let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        for (name, value) in attributes {
            if name.as_str().starts_with("ApproximateNumberOfMessages") && value != "0" {
                return Err(format!("{url}: {name} is {value}"));
            }
        }
    }
    Ok(())
}
