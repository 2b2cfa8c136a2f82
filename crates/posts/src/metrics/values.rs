//! What counts come to as values of metrics.

use std::collections::BTreeMap;

use super::client::{MetricValue, Metrics};
use crate::Keyword;
use crate::statistics::{HourCount, MinuteCount};

impl MetricValue {
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
            at: *hour,
            // A post whose country was taken off is collected under two countries, and counts once.
            collected: counts.iter().map(HourCount::first_counted).sum(),
        };
        let by_country = own.chain(rest).map(|(country, collected)| Self {
            metric: Metrics::BY_KEYWORD_AND_COUNTRY,
            dimensions: vec![keyword.clone(), (Metrics::COUNTRY, country.to_owned())],
            at: *hour,
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
                at: hour,
                collected,
            }))
            .collect()
    }

    /// The value of one minute.
    #[must_use]
    pub fn of_minute(count: &MinuteCount) -> Self {
        Self {
            metric: Metrics::PER_MINUTE,
            dimensions: vec![(Metrics::KEYWORD, Metrics::keyword_dimension(&count.keyword))],
            at: count.minute,
            collected: count.collected,
        }
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
    use utc_time::UtcTime;

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
            moved: 0,
            moved_in: 0,
            superseded: 0,
            known: BTreeMap::new(),
            first_at: UtcTime::from_millis(first_at).unwrap(),
        }
    }

    fn of_metric(values: &[MetricValue], metric: &str) -> BTreeMap<Vec<String>, u64> {
        let mut found = BTreeMap::new();
        for MetricValue { dimensions, collected, .. } in values.iter().filter(|value| value.metric == metric)
        {
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
                MetricValue::of_hour(&counts.into_values().collect::<Vec<_>>())
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
    fn a_post_that_lost_its_country_counts_once_and_no_value_shrinks() {
        let before = [count("k", 0, 2, 0), count("k", 30, 1, 1)];
        let after = [
            HourCount { moved: 1, ..count("k", 0, 2, 0) },
            HourCount { moved_in: 1, ..count("k", 30, 2, 1) },
        ];
        let all = |counts: &[HourCount]| of_metric(&MetricValue::of_hour(counts), Metrics::BY_KEYWORD);
        assert_eq!((all(&before), all(&before).into_values().sum::<u64>()), (all(&after), 3));
        let by_country = of_metric(&MetricValue::of_hour(&after), Metrics::BY_COUNTRY);
        assert_eq!(by_country.into_values().collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn beyond_the_bound_countries_are_published_together() {
        let counts: Vec<HourCount> = (0..31).map(|country| count("k", country, 2, country as i64)).collect();
        let values = of_metric(&MetricValue::of_keyword(&counts), Metrics::BY_KEYWORD_AND_COUNTRY);
        assert_eq!(values[&vec!["k".to_owned(), "LT".to_owned()]], 2);
        assert_eq!(values[&vec!["k".to_owned(), Metrics::OTHER.to_owned()]], 22);
        assert_eq!(values.len(), 21);
    }
}
