//! The counts as CloudWatch metrics.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};

use crate::label::label;
use crate::{CountryCount, Keyword, UtcTime};

/// Most values in one request.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const VALUES_A_REQUEST: usize = 1000;

/// The longest value of a dimension, which must be ASCII.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const DIMENSION_BYTES: usize = 1024;

/// The oldest stamp that CloudWatch takes: two weeks, in milliseconds (the first page above).
const OLDEST_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// CloudWatch's namespace `Aviary`.
///
/// `PutMetricData` is not idempotent, so nothing is ever added here: a value *states* how many posts
/// of one hour have been collected so far, stamped with that hour's start, and is read with the
/// statistic `Maximum` over an hour. Stated again, late or out of order, it harms nothing.
#[derive(Clone, Debug)]
pub struct Metrics {
    client: Client,
}

impl Metrics {
    /// The namespace of all metrics.
    pub const NAMESPACE: &str = "Aviary";
    /// Posts by keyword; dimension `Keyword`.
    pub const BY_KEYWORD: &str = "TweetsByKeyword";
    /// Posts by keyword and country; dimensions `Keyword`, `Country`.
    pub const BY_KEYWORD_AND_COUNTRY: &str = "TweetsByKeywordAndCountry";
    /// The dimension that holds a keyword, as [`Metrics::keyword_dimension`] writes it.
    pub const KEYWORD: &str = "Keyword";
    /// The dimension that holds a country's code, or `unknown`.
    pub const COUNTRY: &str = "Country";

    /// Publishes through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// How a keyword is written as a dimension: as it is where it is printable ASCII without spaces,
    /// other characters as `%XX`.
    #[must_use]
    pub fn keyword_dimension(keyword: &Keyword) -> String {
        label(keyword.as_str(), DIMENSION_BYTES)
    }

    /// States what was collected so far under `keyword` in the hour of `hour`; `counts` is all of it.
    ///
    /// # Errors
    /// What CloudWatch answered. Stating it again is safe.
    pub async fn restate(
        &self,
        keyword: &Keyword,
        hour: UtcTime,
        counts: &[CountryCount],
        now: UtcTime,
    ) -> Result<Restated, aws_sdk_cloudwatch::Error> {
        let start = hour.start_of_hour();
        if now.as_millis() - start.as_millis() > OLDEST_MS {
            return Ok(Restated::TooOld);
        }
        let value = |name: &str, count: u64| {
            MetricDatum::builder()
                .metric_name(name)
                .dimensions(dimension(Self::KEYWORD, &Self::keyword_dimension(keyword)))
                .timestamp(DateTime::from_millis(start.as_millis()))
                .unit(StandardUnit::Count)
                // Exact up to 2^53 posts an hour.
                .value(count as f64)
        };
        let sum = counts.iter().map(|count| count.collected).sum();
        let mut values = vec![value(Self::BY_KEYWORD, sum).build()];
        values.extend(counts.iter().map(|count| {
            value(Self::BY_KEYWORD_AND_COUNTRY, count.collected)
                .dimensions(dimension(Self::COUNTRY, count.country_name()))
                .build()
        }));
        for values in values.chunks(VALUES_A_REQUEST) {
            self.client
                .put_metric_data()
                .namespace(Self::NAMESPACE)
                .set_metric_data(Some(values.to_vec()))
                .send()
                .await?;
        }
        Ok(Restated::Stated)
    }
}

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restated {
    /// CloudWatch has it.
    Stated,
    /// The hour lies further back than CloudWatch takes values for; the table alone has its counts.
    TooOld,
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}
