//! The posts' metrics in CloudWatch, and publishing values of them.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use serde::Serialize;
use service::namespace::Namespace;

use crate::Keyword;
use crate::label::label;
use utc_time::UtcTime;

/// Most bytes in one request, counted before compression.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const BYTES_A_REQUEST: usize = 1_000_000;

/// The longest value of a dimension, which must be ASCII.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const DIMENSION_BYTES: usize = 1024;

/// How old the timestamp of a value may be, and how far in the future (the first page above).
pub(crate) const OLDEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const FARTHEST: Duration = Duration::from_secs(2 * 60 * 60);

/// The posts' metrics in CloudWatch.
///
/// `PutMetricData` is not idempotent, so nothing is ever added there. Each value is the number of posts that an hour, or a minute, has
/// so far, with its start as the timestamp; read it with the statistic `Maximum` over an hour, or a minute. Publishing a
/// value again, late or out of order, is harmless.
#[derive(Clone, Debug)]
pub struct Metrics {
    client: Client,
    namespace: Namespace,
}

/// The value of one metric in one hour, or minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricValue {
    /// The metric.
    pub metric: &'static str,
    /// Its dimensions' names and values.
    pub dimensions: Vec<(&'static str, String)>,
    /// The start of the hour, or of the minute for [`Metrics::PER_MINUTE`].
    pub at: UtcTime,
    /// How many posts of that time were collected so far.
    pub collected: u64,
}

/// What was published, and what CloudWatch would not accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// How many values were published.
    pub values: usize,
    /// The hours for which CloudWatch accepts no values: those of more than two weeks ago, or more than two hours ahead.
    /// Only the table has their counts.
    pub out_of_reach: BTreeSet<UtcTime>,
}

impl Published {
    /// Adds the result of another call.
    pub(crate) fn add(&mut self, other: Self) {
        self.values += other.values;
        self.out_of_reach.extend(other.out_of_reach);
    }
}

impl Metrics {
    /// Posts by keyword; dimension `Keyword`.
    pub const BY_KEYWORD: &str = "TweetsByKeyword";
    /// Posts by country, under all keywords; dimension `Country`. A post under two keywords counts twice.
    pub const BY_COUNTRY: &str = "TweetsByCountry";
    /// Posts by keyword and country; dimensions `Keyword`, `Country`.
    pub const BY_KEYWORD_AND_COUNTRY: &str = "TweetsByKeywordAndCountry";
    /// Posts by keyword and minute; dimension `Keyword`. Published every minute, by the function that restates counts.
    pub const PER_MINUTE: &str = "TweetsPerMinute";
    /// The dimension that holds a keyword, as [`Metrics::keyword_dimension`] writes it.
    pub const KEYWORD: &str = "Keyword";
    /// The dimension that holds a country's code, `unknown`, or [`Metrics::OTHER`].
    pub const COUNTRY: &str = "Country";
    /// The country that stands for all countries of a keyword that have no metric of their own.
    pub const OTHER: &str = "other";

    /// How many countries of a keyword have a metric of their own in an hour: those that were counted first, so that
    /// they stay the same as more are counted.
    ///
    /// A metric costs $0.30 a month, prorated by the hours in which it has values
    /// (<https://aws.amazon.com/cloudwatch/pricing/>). K keywords have at most 22 K metrics, and about 250 more for all
    /// of them together, one for each country.
    pub const COUNTRIES_A_KEYWORD: usize = 20;

    /// Most values in one request (the first page above).
    pub(crate) const VALUES_A_REQUEST: usize = 1000;

    /// Publishes through `client`, in this namespace.
    #[must_use]
    pub fn new(client: Client, namespace: Namespace) -> Self {
        Self { client, namespace }
    }

    /// A keyword as the value of a dimension: printable ASCII except spaces and `%` as it is, everything else as
    /// `%XX`.
    #[must_use]
    pub fn keyword_dimension(keyword: &Keyword) -> String {
        label(keyword.as_str(), DIMENSION_BYTES)
    }

    /// Publishes values, except for hours for which CloudWatch accepts none.
    ///
    /// # Errors
    /// CloudWatch's error. Publishing all of them again is safe.
    pub async fn publish(
        &self,
        values: &[MetricValue],
        now: UtcTime,
    ) -> Result<Published, aws_sdk_cloudwatch::Error> {
        let mut published = Published::default();
        let mut batch: Vec<MetricDatum> = Vec::new();
        let mut batch_bytes = 0;
        for value in values {
            if now.since(value.at) > OLDEST || value.at.since(now) > FARTHEST {
                published.out_of_reach.insert(value.at.start_of_hour());
                continue;
            }
            let bytes = value.bytes();
            if batch.len() == Self::VALUES_A_REQUEST || batch_bytes + bytes > BYTES_A_REQUEST {
                self.put(std::mem::take(&mut batch)).await?;
                batch_bytes = 0;
            }
            batch.push(value.datum());
            batch_bytes += bytes;
            published.values += 1;
        }
        if !batch.is_empty() {
            self.put(batch).await?;
        }
        Ok(published)
    }

    async fn put(&self, values: Vec<MetricDatum>) -> Result<(), aws_sdk_cloudwatch::Error> {
        let request =
            self.client.put_metric_data().namespace(self.namespace.as_str()).set_metric_data(Some(values));
        request.send().await?;
        Ok(())
    }
}

impl MetricValue {
    fn datum(&self) -> MetricDatum {
        let dimensions = self
            .dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(*name).value(value.as_str()).build());
        MetricDatum::builder()
            .metric_name(self.metric)
            .set_dimensions(Some(dimensions.collect()))
            .timestamp(DateTime::from_millis(self.at.as_millis()))
            .unit(StandardUnit::Count)
            // Exact up to 2^53 posts an hour.
            .value(self.collected as f64)
            .build()
    }

    /// About how many bytes it takes in a request.
    fn bytes(&self) -> usize {
        const NUMBERS_AND_NAMES: usize = 200;
        NUMBERS_AND_NAMES + self.dimensions.iter().map(|(_, value)| value.len()).sum::<usize>()
    }
}
