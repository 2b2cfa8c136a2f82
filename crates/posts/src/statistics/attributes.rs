//! The attributes of StatisticsTable's items, and their names.
//!
//! DynamoDB charges a write for every KB of the item, names included, so each name has three characters: two for what is counted, and a
//! letter for the number. `LTc` is how many posts of Lithuania were collected, `ZZc` how many of an unknown country, and `07c` how many of the
//! minute 7, whatever the country. (ISO 3166 never assigns `ZZ`.)

use super::known_by::KnownBy;
use place::{Country, CountryHow};

/// The minutes of an hour.
pub(super) const MINUTES: u8 = 60;

/// What stands for an unknown country.
const UNKNOWN: &str = "ZZ";

/// A number in an item; an item without it has 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute {
    /// Of the posts of a country, or of an unknown one.
    Country(Option<Country>, Number),
    /// Of the posts of a minute, of all countries: `Collected`, `Removed` or `Superseded`.
    Minute(u8, Number),
}

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    /// How many posts were collected.
    Collected,
    /// How many posts were removed.
    Removed,
    /// Of how many stored posts a newer version is stored too.
    Superseded,
    /// How many posts had their country taken off, and are counted as of an unknown country since.
    Moved,
    /// How many posts are counted as of an unknown country since theirs was taken off.
    MovedIn,
    /// When the first post was counted, in milliseconds since the start of the hour.
    FirstAt,
    /// Of how many posts, stored and in their newest version, the country is known in this way.
    Known(KnownBy),
}

/// The letters.
const LETTERS: [(Number, char); 13] = [
    (Number::Collected, 'c'),
    (Number::Removed, 'r'),
    (Number::Superseded, 's'),
    (Number::Moved, 'm'),
    (Number::MovedIn, 'i'),
    (Number::FirstAt, 'f'),
    (Number::Known(KnownBy::Place), 'p'),
    (Number::Known(KnownBy::Profile(CountryHow::Flag)), 'g'),
    (Number::Known(KnownBy::Profile(CountryHow::Country)), 'n'),
    (Number::Known(KnownBy::Profile(CountryHow::Region)), 'e'),
    (Number::Known(KnownBy::Profile(CountryHow::CityAndRegion)), 'b'),
    (Number::Known(KnownBy::Profile(CountryHow::City)), 'y'),
    (Number::Known(KnownBy::Profile(CountryHow::Coordinates)), 'o'),
];

impl Attribute {
    /// Its name.
    pub(super) fn name(self) -> String {
        let (of, number) = match self {
            Self::Country(country, number) => {
                (country.map_or(UNKNOWN, |country| country.as_str()).to_owned(), number)
            }
            Self::Minute(minute, number) => (format!("{minute:02}"), number),
        };
        let letter = LETTERS.iter().find(|(known, _)| *known == number).map_or('?', |(_, letter)| *letter);
        format!("{of}{letter}")
    }

    /// The attribute of this name; `None` if it is no number, such as a key.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (of, letter) = name.split_at_checked(2)?;
        let (number, _) = LETTERS.iter().find(|(_, known)| letter.chars().eq([*known]))?;
        if of == UNKNOWN {
            return Some(Self::Country(None, *number));
        }
        match of.parse() {
            Ok(minute) => (minute < MINUTES).then_some(Self::Minute(minute, *number)),
            Err(_) => Some(Self::Country(Some(of.parse().ok()?), *number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_have_three_characters_and_are_read_back() {
        let countries = Country::all().map(Some).chain([None]).collect::<Vec<_>>();
        let mut names = HashSet::new();
        for (number, _) in LETTERS {
            let of_countries = countries.iter().map(|country| Attribute::Country(*country, number));
            for attribute in of_countries.chain((0..MINUTES).map(|minute| Attribute::Minute(minute, number)))
            {
                let name = attribute.name();
                assert_eq!((name.len(), Attribute::named(&name)), (3, Some(attribute)), "{name}");
                assert!(names.insert(name));
            }
        }
        let known = KnownBy::ALL
            .into_iter()
            .filter(|by| LETTERS.iter().any(|(number, _)| *number == Number::Known(*by)));
        assert_eq!(known.count(), KnownBy::ALL.len());
        for other in ["keyword", "hour", "touched", "60c", "LTz", "QQc", "LT", "c", "LTcc", "éc"] {
            assert_eq!(Attribute::named(other), None, "{other}");
        }
    }
}
