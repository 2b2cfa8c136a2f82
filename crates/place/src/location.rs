//! A location as its author wrote it.

use crate::country::Country;
use crate::country_how::CountryHow;
use crate::names::country_named;
use crate::placed::{Certainty, Placed};

/// What separates the parts of a location.
const SEPARATORS: [char; 12] = [',', '/', '|', '·', '•', '-', '–', '(', ')', ';', '،', '、'];

/// The country that a location clearly names, if it does: [`place`] without how it is known.
#[must_use]
pub fn country_in(location: &str) -> Option<Country> {
    Some(place(location, None)?.country)
}

/// The country that a location clearly names, if it does. `language` is that of the post or its author, as a BCP 47 tag
/// (`pt-BR`); it decides between places of one name.
///
/// A flag decides; flags of two countries name none. Without a flag, the last part that is a country's name decides, as
/// in `Vilnius, Lithuania`. Parts of two letters are not taken as codes: `CA` is California more often than Canada.
#[must_use]
pub fn place(location: &str, _language: Option<&str>) -> Option<Placed> {
    let placed = |country, how| Placed { country, how, sure: Certainty::Certain };
    let mut flags = flags(location);
    if let Some(flag) = flags.next() {
        return flags.all(|other| other == flag).then_some(placed(flag, CountryHow::Flag));
    }
    let named = location.split(SEPARATORS).rev().find_map(|part| country_named(part.trim()))?;
    Some(placed(named, CountryHow::Country))
}

/// The countries whose flags are in the text: pairs of regional indicator symbols.
fn flags(text: &str) -> impl Iterator<Item = Country> {
    let letter = |c: char| {
        ('🇦'..='🇿')
            .contains(&c)
            .then(|| u8::try_from(u32::from(c) - u32::from('🇦')).ok())
            .flatten()
            .map(|offset| char::from(b'A' + offset))
    };
    let mut chars = text.chars();
    std::iter::from_fn(move || {
        loop {
            let Some(first) = letter(chars.next()?) else { continue };
            let second = letter(chars.next()?)?;
            if let Some(country) = Country::from_code(&format!("{first}{second}")) {
                return Some(country);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_in(location: &str) -> Option<&'static str> {
        country_in(location).map(|country| country.as_str())
    }

    #[test]
    fn locations_name_countries_in_many_ways() {
        for (location, expected) in [
            ("Vilnius, Lithuania", "LT"),
            ("Lietuva", "LT"),
            ("🇱🇹 Kaunas", "LT"),
            ("London, England", "GB"),
            ("Roma, Italia", "IT"),
            ("東京、日本", "JP"),
            ("New York, USA", "US"),
            ("الرياض، السعودية", "SA"),
            ("França | Brasil", "BR"),
            ("Sydney, Australia", "AU"),
        ] {
            assert_eq!(code_in(location), Some(expected), "{location}");
        }
    }

    #[test]
    fn a_location_that_names_no_country_clearly_names_none() {
        for location in ["", "🌍", "Los Angeles, CA", "Atlanta, Georgia", "🇫🇷🇩🇪", "everywhere", "in", "🇱"]
        {
            assert_eq!(code_in(location), None, "{location}");
        }
    }
}
