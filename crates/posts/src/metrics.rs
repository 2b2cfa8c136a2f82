//! The counts as CloudWatch metrics.

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

/// Most bytes in one request, which we count before compression.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const BYTES_A_REQUEST: usize = 1_000_000;

/// The longest value of a dimension, which must be ASCII.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const DIMENSION_BYTES: usize = 1024;

/// The oldest stamp that CloudWatch takes, two weeks, and the latest, in two hours (the page above).
pub(crate) const OLDEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const LATEST: Duration = Duration::from_secs(2 * 60 * 60);

/// CloudWatch's namespace `Aviary`.
///
/// `PutMetricData` is not idempotent, so nothing is ever added here: a value *states* how many posts
/// of one hour have been collected so far, stamped with that hour's start, and is read with the
/// statistic `Maximum` over an hour. Stated again, late or out of order, it harms nothing.
#[derive(Clone, Debug)]
pub struct Metrics {
    client: Client,
}

/// A value that one metric is to have in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The metric.
    pub metric: &'static str,
    /// Its dimensions' names and values.
    pub dimensions: Vec<(&'static str, String)>,
    /// The hour's first moment.
    pub hour: UtcTime,
    /// How many posts of that hour have been collected so far.
    pub collected: u64,
}

/// What became of statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stated {
    /// How many values CloudWatch has now.
    pub values: usize,
    /// The hours for which CloudWatch takes no values, being more than two weeks old, or more than two
    /// hours ahead: the table alone has their counts.
    pub out_of_reach: BTreeSet<UtcTime>,
}

impl Stated {
    /// Both together.
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
    /// Posts by country, under all keywords; dimension `Country`. A post under two counts twice.
    pub const BY_COUNTRY: &str = "TweetsByCountry";
    /// Posts by keyword and country; dimensions `Keyword`, `Country`.
    pub const BY_KEYWORD_AND_COUNTRY: &str = "TweetsByKeywordAndCountry";
    /// The dimension that holds a keyword, as [`Metrics::keyword_dimension`] writes it.
    pub const KEYWORD: &str = "Keyword";
    /// The dimension that holds a country's code, `unknown`, or [`Metrics::OTHER`].
    pub const COUNTRY: &str = "Country";
    /// The countries of a keyword that have no metric of their own.
    pub const OTHER: &str = "other";

    /// How many countries of a keyword have a metric of their own in an hour: those that were counted first,
    /// which does not change as more are counted.
    ///
    /// A metric costs $0.30 a month, by the hour in which it has values
    /// (<https://aws.amazon.com/cloudwatch/pricing/>). So K keywords take at most 22 K metrics, and all of
    /// them together 250 more, one for each country.
    pub const COUNTRIES_A_KEYWORD: usize = 20;

    /// Most values in one request; the page is named above.
    pub(crate) const VALUES_A_REQUEST: usize = 1000;

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

    /// Makes CloudWatch know these, but for hours that it takes no values for.
    ///
    /// # Errors
    /// What CloudWatch answered. Stating it all again is safe.
    pub async fn state(
        &self,
        statements: &[Statement],
        now: UtcTime,
    ) -> Result<Stated, aws_sdk_cloudwatch::Error> {
        let mut stated = Stated::default();
        let mut batch: Vec<MetricDatum> = Vec::new();
        let mut batch_bytes = 0;
        for statement in statements {
            if now.since(statement.hour) > OLDEST || statement.hour.since(now) > LATEST {
                stated.out_of_reach.insert(statement.hour);
                continue;
            }
            let bytes = statement.bytes();
            if batch.len() == Self::VALUES_A_REQUEST || batch_bytes + bytes > BYTES_A_REQUEST {
                self.put(std::mem::take(&mut batch)).await?;
                batch_bytes = 0;
            }
            batch.push(statement.datum());
            batch_bytes += bytes;
            stated.values += 1;
        }
        if !batch.is_empty() {
            self.put(batch).await?;
        }
        Ok(stated)
    }

    async fn put(&self, values: Vec<MetricDatum>) -> Result<(), aws_sdk_cloudwatch::Error> {
        let request = self.client.put_metric_data().namespace(Self::NAMESPACE).set_metric_data(Some(values));
        request.send().await?;
        Ok(())
    }
}

impl Statement {
    /// What is to be stated of one keyword in one hour; `counts` is all that was counted there.
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

    /// What is to be stated of one hour; `counts` is all that was counted there, under all keywords.
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

    fn values(statements: &[Statement], metric: &str) -> BTreeMap<Vec<String>, u64> {
        let of_metric = statements.iter().filter(|statement| statement.metric == metric);
        let mut values = BTreeMap::new();
        for Statement { dimensions, collected, .. } in of_metric {
            let dimensions = dimensions.iter().map(|(_, value)| value.clone()).collect();
            assert_eq!(values.insert(dimensions, *collected), None, "stated twice");
        }
        values
    }

    proptest! {
        #[test]
        fn what_is_stated_is_bounded_adds_up_and_only_grows(
            posts in proptest::collection::vec((0..2_usize, 0..31_usize), 1..300), more in 0..300_usize
        ) {
            let statements = |posts: &[(usize, usize)]| {
                let mut counts: BTreeMap<(usize, usize), HourCount> = BTreeMap::new();
                for (at, (keyword, country)) in posts.iter().enumerate() {
                    let new = || count(["a", "b"][*keyword], *country, 0, at as i64);
                    counts.entry((*keyword, *country)).or_insert_with(new).collected += 1;
                }
                Statement::of_hour(&counts.into_values().collect::<Vec<_>>())
            };
            let all = statements(&posts);
            let before = statements(&posts[..posts.len().saturating_sub(more).max(1)]);
            for metric in [Metrics::BY_KEYWORD, Metrics::BY_COUNTRY, Metrics::BY_KEYWORD_AND_COUNTRY] {
                let (values, before) = (values(&all, metric), values(&before, metric));
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
    fn beyond_the_bound_countries_are_stated_together() {
        let counts: Vec<HourCount> = (0..31).map(|country| count("k", country, 2, country as i64)).collect();
        let values = values(&Statement::of_keyword(&counts), Metrics::BY_KEYWORD_AND_COUNTRY);
        assert_eq!(values[&vec!["k".to_owned(), "LT".to_owned()]], 2);
        assert_eq!(values[&vec!["k".to_owned(), Metrics::OTHER.to_owned()]], 22);
        assert_eq!(values.len(), 21);
    }
}
