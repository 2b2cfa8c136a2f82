//! The classes of countries by their number of posts: few, with round limits, whose sizes grow by a factor.

use std::fmt;
use std::iter;

use crate::words::grouped;

/// How many classes there are, besides that of countries without posts.
const CLASSES: usize = 5;
/// From this number of posts in a country on, limits are powers of ten.
const TENFOLD_FROM: u64 = 10_000;

/// Where classes begin, in the order of their numbers of posts.
///
/// The limits are round: 1, 3, 10, 30, 100 and so on, or powers of ten if a country has 10,000 posts. The highest class begins at the
/// greatest limit that a country reaches, and four more are below it; the lowest of the five takes the rest. So the limits depend on
/// the largest number alone, and move only when it passes a round number.
///
/// The highest class is always 5: if the numbers are small, there are fewer classes, and the lowest ones are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// At most [`CLASSES`]. The first is 1.
    limits: Vec<u64>,
}

/// The numbers of posts of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From the first to the second, both included.
    Between(u64, u64),
    /// This many, or more.
    From(u64),
}

impl Scale {
    /// The scale for these numbers of posts.
    pub(super) fn of(counts: impl Iterator<Item = u64>) -> Self {
        let largest = counts.max().unwrap_or_default();
        let mut limits: Vec<u64> =
            round_numbers(largest >= TENFOLD_FROM).take_while(|&limit| limit <= largest).collect();
        limits.drain(..limits.len().saturating_sub(CLASSES));
        if let Some(lowest) = limits.first_mut() {
            *lowest = 1;
        }
        Self { limits }
    }

    /// The class of a country with this many posts: 0 if there are none, else 1 to 5.
    pub(super) fn class(&self, count: u64) -> usize {
        match self.limits.partition_point(|&limit| limit <= count) {
            0 => 0,
            reached => CLASSES - self.limits.len() + reached,
        }
    }

    /// The classes with posts, in the order of their numbers.
    pub(super) fn classes(&self) -> impl Iterator<Item = (usize, Range)> {
        self.limits.iter().enumerate().map(|(index, &from)| {
            let range =
                self.limits.get(index + 1).map_or(Range::From(from), |next| Range::Between(from, next - 1));
            (self.class(from), range)
        })
    }
}

fn round_numbers(tenfold: bool) -> impl Iterator<Item = u64> {
    iter::successors(Some(1_u64), |power| power.checked_mul(10)).flat_map(move |power| {
        let between = if tenfold { None } else { power.checked_mul(3) };
        iter::once(power).chain(between)
    })
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Between(from, to) if from == to => f.write_str(&grouped(from)),
            Self::Between(from, to) => write!(f, "{}–{}", grouped(from), grouped(to)),
            Self::From(from) => write!(f, "{} or more", grouped(from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legend(largest: u64) -> Vec<String> {
        Scale::of([largest].into_iter())
            .classes()
            .map(|(class, range)| format!("c{class}: {range}"))
            .collect()
    }

    #[test]
    fn limits_are_round_and_the_highest_is_reached() {
        insta::assert_debug_snapshot!([legend(0), legend(1), legend(42), legend(5_000), legend(7_654_321)], @r##"
        [
            [],
            [
                "c5: 1 or more",
            ],
            [
                "c2: 1–2",
                "c3: 3–9",
                "c4: 10–29",
                "c5: 30 or more",
            ],
            [
                "c1: 1–99",
                "c2: 100–299",
                "c3: 300–999",
                "c4: 1,000–2,999",
                "c5: 3,000 or more",
            ],
            [
                "c1: 1–999",
                "c2: 1,000–9,999",
                "c3: 10,000–99,999",
                "c4: 100,000–999,999",
                "c5: 1,000,000 or more",
            ],
        ]
        "##);
    }

    #[test]
    fn every_number_is_in_the_class_whose_range_holds_it() {
        for largest in [1, 2, 3, 9, 10, 299, 300, 9_999, 10_000, 123_456, u64::MAX] {
            let scale = Scale::of([largest].into_iter());
            assert_eq!(scale.class(0), 0);
            assert_eq!(scale.class(largest), CLASSES);
            let mut next = 1;
            for (class, range) in scale.classes() {
                let (from, to) = match range {
                    Range::Between(from, to) => (from, to),
                    Range::From(from) => (from, largest),
                };
                assert_eq!(
                    (from, scale.class(from), scale.class(to)),
                    (next, class, class),
                    "{largest}: {range}"
                );
                next = to.wrapping_add(1);
            }
            assert_eq!(next, largest.wrapping_add(1));
        }
    }
}
