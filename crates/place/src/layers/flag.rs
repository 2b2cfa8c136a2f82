//! Countries by flag.

use crate::country::Country;

/// What the flags in a text say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flags {
    /// There are none.
    None,
    /// They are of one country.
    One(Country),
    /// They are of several.
    Several,
}

/// The flags in the text: pairs of regional indicator symbols, and the flags of parts of a country (`🏴󠁧󠁢󠁳󠁣󠁴󠁿`), which count as
/// the country's.
pub(crate) fn flags(text: &str) -> Flags {
    // All flags are of characters of four bytes that begin with this one, or with the one of tags after a black flag.
    if !text.as_bytes().contains(&0xf0) {
        return Flags::None;
    }
    let mut found = Flags::None;
    let mut chars = text.chars();
    while let Some(first) = chars.next() {
        let second = chars.clone().next();
        let country = if let (Some(a), Some(b)) = (indicator(first), second.and_then(indicator)) {
            chars.next();
            country(a, b)
        } else if first == '🏴' {
            let mut tags = chars.clone().map_while(tag);
            tags.next().zip(tags.next()).and_then(|(a, b)| country(a, b))
        } else {
            None
        };
        let Some(country) = country else { continue };
        found = match found {
            Flags::None => Flags::One(country),
            Flags::One(same) if same == country => found,
            _ => return Flags::Several,
        };
    }
    found
}

fn country(a: u8, b: u8) -> Option<Country> {
    Country::from_code(std::str::from_utf8(&[a, b]).ok()?)
}

/// The capital letter of a regional indicator symbol.
fn indicator(c: char) -> Option<u8> {
    ('🇦'..='🇿').contains(&c).then(|| (u32::from(c) - u32::from('🇦')) as u8 + b'A')
}

/// The letter of a tag.
fn tag(c: char) -> Option<u8> {
    ('\u{e0061}'..='\u{e007a}').contains(&c).then(|| (u32::from(c) - 0xe0061) as u8 + b'a')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_of_one_country_or_of_several() {
        let one = |code| Flags::One(Country::from_code(code).unwrap());
        for (text, expected) in [
            ("", Flags::None),
            ("Kaunas", Flags::None),
            ("🌍 🇪🇺 🏴‍☠️ 🏳️‍🌈", Flags::None),
            ("🇱🇹 Kaunas 🇱🇹", one("LT")),
            ("🇱 🇱🇹", one("LT")),
            ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", one("GB")),
            ("🏴󠁧󠁢󠁷󠁬󠁳󠁿🇬🇧", one("GB")),
            ("🇫🇷🇩🇪", Flags::Several),
        ] {
            assert_eq!(flags(text), expected, "{text}");
        }
    }
}
