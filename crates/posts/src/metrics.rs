//! Counts as CloudWatch metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use serde::Serialize;

use crate::Keyword;
use crate::label::label;
use crate::statistics::HourCount;
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

/// CloudWatch's namespace `Aviary`.
///
/// `PutMetricData` is not idempotent, so nothing is ever added there. Each value is the number of posts that an hour has
/// so far, with the start of that hour as its timestamp; read it with the statistic `Maximum` over an hour. Publishing a
/// value again, late or out of order, is harmless.
#[derive(Clone, Debug)]
pub struct Metrics {
    client: Client,
}

/// The value of one metric in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourValue {
    /// The metric.
    pub metric: &'static str,
    /// Its dimensions' names and values.
    pub dimensions: Vec<(&'static str, String)>,
    /// The start of the hour.
    pub hour: UtcTime,
    /// How many posts of that hour were collected so far.
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
    /// The namespace of all metrics.
    pub const NAMESPACE: &str = "Aviary";
    /// Posts by keyword; dimension `Keyword`.
    pub const BY_KEYWORD: &str = "TweetsByKeyword";
    /// Posts by country, under all keywords; dimension `Country`. A post under two keywords counts twice.
    pub const BY_COUNTRY: &str = "TweetsByCountry";
    /// Posts by keyword and country; dimensions `Keyword`, `Country`.
    pub const BY_KEYWORD_AND_COUNTRY: &str = "TweetsByKeywordAndCountry";
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

    /// Publishes through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
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
        values: &[HourValue],
        now: UtcTime,
    ) -> Result<Published, aws_sdk_cloudwatch::Error> {
        let mut published = Published::default();
        let mut batch: Vec<MetricDatum> = Vec::new();
        let mut batch_bytes = 0;
        for value in values {
            if now.since(value.hour) > OLDEST || value.hour.since(now) > FARTHEST {
                published.out_of_reach.insert(value.hour);
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
        let request = self.client.put_metric_data().namespace(Self::NAMESPACE).set_metric_data(Some(values));
        request.send().await?;
        Ok(())
    }
}

impl HourValue {
    /// The values of one keyword in one hour, made of all its counts in that hour.
    #[must_use]
    pub fn of_keyword(counts: &[HourCount]) -> Vec<Self> {
        let Some(HourCount { keyword, hour, .. }) = counts.first() else { return Vec::new() };
        let keyword = (Metrics::KEYWORD, Metrics::keyword_dimension(keyword));
        let mut in_order: Vec<&HourCount> = counts.iter().collect();
        in_order.sort_by_key(|count| (count.first_at, count.country_name()));
        let (own, others) = in_order.split_at(in_order.len().min(Metrics::COUNTRIES_A_KEYWORD));
        let own = own.iter().map(|count| (count.country_name(), count.collected));
        let rest = (!others.is_empty()).then(|| (Metrics::OTHER, sum(others.iter().copied())));
        let all = Self {
            metric: Metrics::BY_KEYWORD,
            dimensions: vec![keyword.clone()],
            hour: *hour,
            collected: sum(counts),
        };
        let by_country = own.chain(rest).map(|(country, collected)| Self {
            metric: Metrics::BY_KEYWORD_AND_COUNTRY,
            dimensions: vec![keyword.clone(), (Metrics::COUNTRY, country.to_owned())],
            hour: *hour,
            collected,
        });
        std::iter::once(all).chain(by_country).collect()
    }

    /// The values of one hour, made of all counts of that hour, of all keywords.
    #[must_use]
    pub fn of_hour(counts: &[HourCount]) -> Vec<Self> {
        let mut by_keyword: BTreeMap<&Keyword, Vec<HourCount>> = BTreeMap::new();
        let mut by_country: BTreeMap<&str, u64> = BTreeMap::new();
        for count in counts {
            by_keyword.entry(&count.keyword).or_default().push(count.clone());
            *by_country.entry(count.country_name()).or_default() += count.collected;
        }
        let hour = counts.first().map(|count| count.hour);
        let by_country = by_country.into_iter().zip(hour.into_iter().cycle());
        by_keyword
            .into_values()
            .flat_map(|counts| Self::of_keyword(&counts))
            .chain(by_country.map(|((country, collected), hour)| Self {
                metric: Metrics::BY_COUNTRY,
                dimensions: vec![(Metrics::COUNTRY, country.to_owned())],
                hour,
                collected,
            }))
            .collect()
    }

    fn datum(&self) -> MetricDatum {
        let dimensions = self
            .dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(*name).value(value.as_str()).build());
        MetricDatum::builder()
            .metric_name(self.metric)
            .set_dimensions(Some(dimensions.collect()))
            .timestamp(DateTime::from_millis(self.hour.as_millis()))
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

fn sum<'a>(counts: impl IntoIterator<Item = &'a HourCount>) -> u64 {
    counts.into_iter().map(|count| count.collected).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use place::Country;

    const CODES: [&str; 30] = [
        "LT", "LV", "EE", "PL", "DE", "FR", "ES", "PT", "IT", "GR", "TR", "UA", "SE", "NO", "FI", "DK", "IS",
        "IE", "GB", "NL", "BE", "LU", "CH", "AT", "CZ", "SK", "HU", "RO", "BG", "US",
    ];

    fn count(keyword: &str, country: usize, collected: u64, first_at: i64) -> HourCount {
        HourCount {
            keyword: keyword.parse().unwrap(),
            hour: UtcTime::from_millis(0).unwrap(),
            country: CODES.get(country).map(|code| code.parse::<Country>().unwrap()),
            collected,
            removed: 0,
            first_at: UtcTime::from_millis(first_at).unwrap(),
        }
    }

    fn of_metric(values: &[HourValue], metric: &str) -> BTreeMap<Vec<String>, u64> {
        let mut found = BTreeMap::new();
        for HourValue { dimensions, collected, .. } in values.iter().filter(|value| value.metric == metric) {
            let dimensions = dimensions.iter().map(|(_, value)| value.clone()).collect();
            assert_eq!(found.insert(dimensions, *collected), None, "published twice");
        }
        found
    }

    proptest! {
        #[test]
        fn what_is_published_is_bounded_adds_up_and_only_grows(
            posts in proptest::collection::vec((0..2_usize, 0..31_usize), 1..300), more in 0..300_usize
        ) {
            let values_of = |posts: &[(usize, usize)]| {
                let mut counts: BTreeMap<(usize, usize), HourCount> = BTreeMap::new();
                for (at, (keyword, country)) in posts.iter().enumerate() {
                    let new = || count(["a", "b"][*keyword], *country, 0, at as i64);
                    counts.entry((*keyword, *country)).or_insert_with(new).collected += 1;
                }
                HourValue::of_hour(&counts.into_values().collect::<Vec<_>>())
            };
            let all = values_of(&posts);
            let before = values_of(&posts[..posts.len().saturating_sub(more).max(1)]);
            for metric in [Metrics::BY_KEYWORD, Metrics::BY_COUNTRY, Metrics::BY_KEYWORD_AND_COUNTRY] {
                let (values, before) = (of_metric(&all, metric), of_metric(&before, metric));
                prop_assert_eq!(values.values().sum::<u64>(), posts.len() as u64);
                for (dimensions, value) in before {
                    prop_assert!(values[&dimensions] >= value, "{dimensions:?} shrank");
                }
                for keyword in ["a", "b"] {
                    let own = values.keys().filter(|dimensions| dimensions[0] == keyword).count();
                    prop_assert!(own <= Metrics::COUNTRIES_A_KEYWORD + 1);
                }
            }
        }
    }

    #[test]
    fn beyond_the_bound_countries_are_published_together() {
        let counts: Vec<HourCount> = (0..31).map(|country| count("k", country, 2, country as i64)).collect();
        let values = of_metric(&HourValue::of_keyword(&counts), Metrics::BY_KEYWORD_AND_COUNTRY);
        assert_eq!(values[&vec!["k".to_owned(), "LT".to_owned()]], 2);
        assert_eq!(values[&vec!["k".to_owned(), Metrics::OTHER.to_owned()]], 22);
        assert_eq!(values.len(), 21);
    }
}
