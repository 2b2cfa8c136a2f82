//! Countries by geographic coordinates.

use crate::country::Country;
use crate::data;

/// The decimals of a degree from which a pair of numbers is a point rather than a date or a score.
const DECIMALS: usize = 2;

/// The country in which the coordinates in the text lie: `41.39, 2.17`, `N 41°24' 0'' / E 2°11' 0''`. None near a border, at
/// sea, or far from any city.
pub(crate) fn country_at(text: &str) -> Option<Country> {
    let mut angles = Angles { rest: text };
    let (first, second) = (angles.next()?, angles.next()?);
    if angles.next().is_some() || first.axis == Axis::Longitude || second.axis == Axis::Latitude {
        return None;
    }
    if !first.precise || !second.precise {
        return None;
    }
    data::country_at(first.degrees, second.degrees)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Unsaid,
    Latitude,
    Longitude,
}

/// An angle in a text.
struct Angle {
    degrees: f64,
    axis: Axis,
    /// It has minutes, or enough decimals.
    precise: bool,
}

/// The angles in a text.
struct Angles<'a> {
    rest: &'a str,
}

impl Angles<'_> {
    /// Takes a number without a sign, and how many decimals it has.
    fn number(&mut self) -> Option<(f64, usize)> {
        let length = self.rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, rest) = self.rest.split_at(length);
        let value = number.trim_end_matches('.').parse().ok()?;
        self.rest = rest;
        Some((value, number.split_once('.').map_or(0, |(_, decimals)| decimals.len())))
    }

    /// Takes one of the characters, and the spaces before it.
    fn take(&mut self, any: &[char]) -> Option<char> {
        let rest = self.rest.trim_start();
        let c = rest.chars().next().filter(|c| any.contains(c))?;
        self.rest = &rest[c.len_utf8()..];
        Some(c)
    }
}

impl Iterator for Angles<'_> {
    type Item = Angle;

    fn next(&mut self) -> Option<Angle> {
        let at = self.rest.find(|c: char| c.is_ascii_digit())?;
        let (before, rest) = self.rest.split_at(at);
        self.rest = rest;
        let before = before.trim_end();
        let negative = before.ends_with(['-', '−']);
        let word = |letters: &[char]| {
            let mut last = before.chars().rev();
            last.next().is_some_and(|c| letters.contains(&c))
                && last.next().is_none_or(|c| !c.is_alphabetic())
        };
        let mut axis = [('N', 1.0), ('S', -1.0), ('E', 1.0), ('W', -1.0), ('O', -1.0)]
            .into_iter()
            .find(|(letter, _)| word(&[*letter, letter.to_ascii_lowercase()]));
        let (whole, decimals) = self.number().unwrap_or((f64::NAN, 0));
        let mut degrees = whole;
        let mut precise = decimals >= DECIMALS;
        if self.take(&['°', 'º', '˚']).is_some() {
            for (unit, signs) in [(60.0, ['\'', '’', '′', '´']), (3600.0, ['"', '”', '″', '\''])] {
                let back = self.rest;
                self.rest = self.rest.trim_start();
                let part = self.number();
                match part.filter(|_| self.take(&signs).is_some()) {
                    Some((part, _)) if part < 60.0 => {
                        degrees += part / unit;
                        precise = true;
                        let _ = self.take(&signs);
                    }
                    _ => {
                        self.rest = back;
                        break;
                    }
                }
            }
        }
        if axis.is_none() {
            let back = self.rest;
            let letter = self.take(&['N', 'S', 'E', 'W', 'O', 'n', 's', 'e', 'w']);
            if self.rest.chars().next().is_none_or(|c| !c.is_alphanumeric()) {
                axis = letter.map(|letter| {
                    (
                        letter.to_ascii_uppercase(),
                        if matches!(letter, 'S' | 's' | 'W' | 'w' | 'O') { -1.0 } else { 1.0 },
                    )
                });
            } else {
                self.rest = back;
            }
        }
        let sign = if negative { -1.0 } else { axis.map_or(1.0, |(_, sign)| sign) };
        let axis = match axis {
            Some(('N' | 'S', _)) => Axis::Latitude,
            Some(_) => Axis::Longitude,
            None => Axis::Unsaid,
        };
        Some(Angle { degrees: sign * degrees, axis, precise })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_read_in_the_usual_ways() {
        for (text, expected) in [
            ("41.3874, 2.1686", Some("ES")),
            ("N 41°24' 0'' / E 2°11' 0''", Some("ES")),
            ("ÜT: 10.233481,-67.585136", Some("VE")),
            ("iPhone: 35.689488,139.691706", Some("JP")),
            ("51.5074° N, 0.1278° W", Some("GB")),
            ("48°51'24\"N 2°21'03\"E", Some("FR")),
            ("33.86 S, 151.21 E", Some("AU")),
            ("0.00, 0.00", None),
            ("12.5, 3", None),
            ("10.10.2020", None),
            ("127.0.0.1", None),
            ("99.10, 200.55", None),
            ("2.17 E", None),
            ("38° parallelo", None),
        ] {
            assert_eq!(country_at(text).map(|country| country.as_str()), expected, "{text}");
        }
    }
}
