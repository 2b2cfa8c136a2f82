//! How much of a transaction counting posts takes.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{Attribute, Number};
use super::count::Countable;
use super::update::{OPERATORS, operators};
use crate::Post;
use utc_time::UtcTime;

/// For a later version of a post: the version before it may be counted anywhere, and is then counted as superseded in its country and its minute,
/// and no longer as one whose country is known.
const OPERATORS_OF_THE_VERSION_BEFORE: usize = 3;

/// Setting [`super::StatisticsTable::TOUCHED`].
const OPERATORS_OF_AN_HOUR: usize = 1;

/// The posts that are counted in one transaction: how many updates that takes, and whether their expressions have room for another post.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    /// The numbers that change, by the start of the hour.
    hours: BTreeMap<UtcTime, Hour>,
    /// Operators that may be needed in any hour.
    anywhere: usize,
}

/// The numbers that change in an hour.
#[derive(Debug, Default)]
struct Hour {
    attributes: BTreeSet<Attribute>,
    operators: usize,
}

impl Counting {
    /// How many updates counting takes; the versions before later ones may take one more each.
    pub(crate) fn updates(&self) -> usize {
        self.hours.len()
    }

    /// How many more it would take with `post`.
    pub(crate) fn more_updates(&self, post: &Post) -> usize {
        usize::from(!self.hours.contains_key(&post.create_date.start_of_hour()))
    }

    /// Whether the expressions have room for `post`.
    pub(crate) fn has_room_for(&self, post: &Post) -> bool {
        let (attributes, anywhere) = changed_by(post);
        let hour = self.hours.get(&post.create_date.start_of_hour());
        let is_new = |attribute: &&Attribute| hour.is_none_or(|hour| !hour.attributes.contains(attribute));
        let more: usize = attributes.iter().filter(is_new).map(|attribute| operators(*attribute)).sum();
        let in_hour = hour.map_or(0, |hour| hour.operators) + more;
        let most = self.hours.values().map(|hour| hour.operators).max().unwrap_or_default().max(in_hour);
        most + self.anywhere + anywhere + OPERATORS_OF_AN_HOUR <= OPERATORS
    }

    pub(crate) fn add(&mut self, post: &Post) {
        let (attributes, anywhere) = changed_by(post);
        let hour = self.hours.entry(post.create_date.start_of_hour()).or_default();
        for attribute in attributes {
            if hour.attributes.insert(attribute) {
                hour.operators += operators(attribute);
            }
        }
        self.anywhere += anywhere;
    }
}

/// The numbers that counting a post changes in its hour, and the operators that it may take in others.
fn changed_by(post: &Post) -> (Vec<Attribute>, usize) {
    let countable = Countable::of(post, false);
    let mut changed = vec![
        countable.in_country(Number::Collected),
        countable.in_country(Number::FirstAt),
        countable.in_minute(Number::Collected),
    ];
    changed.extend(countable.known_by.map(|by| countable.in_country(Number::Known(by))));
    if post.first_version.is_none() {
        return (changed, 0);
    }
    // A version that is newer may be stored already.
    changed.extend([countable.in_country(Number::Superseded), countable.in_minute(Number::Superseded)]);
    (changed, OPERATORS_OF_THE_VERSION_BEFORE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::count::Changes;
    use super::super::known_by::KnownBy;
    use super::super::update::Expression;
    use super::*;
    use place::{Country, CountrySource};

    /// A post by numbers that say when it was written, where, how that is known, and whether it is a later version.
    fn post((second, country, known, version): (u64, usize, usize, usize)) -> Post {
        let post = serde_json::json!({ "tweetId": "2", "createDate": "2026-11-23T10:00:00Z", "text": "" });
        let post: Post = serde_json::from_value(post).unwrap();
        let (source, how) = match KnownBy::ALL[known] {
            KnownBy::Place => (CountrySource::Place, None),
            KnownBy::Profile(how) => (CountrySource::Profile, Some(how)),
        };
        let country = Country::all().nth(country);
        Post {
            create_date: post.create_date.after(Duration::from_secs(second)),
            country,
            country_source: country.map(|_| source),
            country_how: country.and(how),
            first_version: (version == 0).then(|| "1".parse().unwrap()),
            ..post
        }
    }

    proptest! {
        #[test]
        fn no_expression_is_longer_than_dynamodb_takes(
            posts in proptest::collection::vec((0..4_000_u64, 0..251_usize, 0..7_usize, 0..12_usize), 98),
            before in proptest::collection::vec((0..4_000_u64, 0..251_usize, 0..7_usize, 1..2_usize), 98),
        ) {
            let (mut counting, mut collected, mut superseded) = (Counting::default(), Vec::new(), Vec::new());
            for (post, before) in posts.into_iter().map(post).zip(before.into_iter().map(post)) {
                if !counting.has_room_for(&post) {
                    break;
                }
                counting.add(&post);
                // The worst: a newer version is stored already, and one before it in a country and a minute of its own.
                let is_version = post.first_version.is_some();
                collected.push(Countable::of(&post, is_version));
                superseded.extend(is_version.then(|| Countable::of(&before, false)));
            }
            let Changes(hours) = Changes::counting(&collected, &superseded);
            for (hour, added) in hours {
                let text = Expression::adding(added, hour, hour).text();
                let (additions, once) = (text.matches(" :").count(), text.matches("=if_not_exists").count());
                let operators = additions + 2 * once + OPERATORS_OF_AN_HOUR;
                prop_assert!(operators <= OPERATORS && text.len() <= 3_600, "{operators} operators: {text}");
            }
            prop_assert!(collected.len() >= 30, "only {} posts in a transaction", collected.len());
        }
    }
}
