//! Where a language is spoken.

use crate::country::Country;
use crate::data::countries_speaking;

/// A language, or none.
#[derive(Clone, Copy)]
pub(crate) struct Language([u8; 3]);

impl Language {
    /// The language of a BCP 47 tag; of a tag that says nothing (`und`, X's `qme`), no language.
    pub(crate) fn of(tag: Option<&str>) -> Self {
        let mut code = [b' '; 3];
        let letters = tag
            .unwrap_or_default()
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase());
        for (place, letter) in code.iter_mut().zip(letters) {
            *place = letter;
        }
        // The codes of before 1989, which X uses, and those that CLDR replaces.
        Self(match &code {
            b"in " => *b"id ",
            b"iw " => *b"he ",
            b"tl " => *b"fil",
            b"nb " | b"nn " => *b"no ",
            _ => code,
        })
    }

    /// Whether it is official in the country, or a third of its people speak it (of English: whether it is official).
    pub(crate) fn is_spoken_in(self, country: Country) -> bool {
        countries_speaking(&self.0).any(|spoken| spoken == country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_spoken_where_it_is_official() {
        let spoken = |tag, code| Language::of(Some(tag)).is_spoken_in(Country::from_code(code).unwrap());
        assert!(
            spoken("es", "ES")
                && spoken("es-419", "MX")
                && spoken("pt-BR", "BR")
                && spoken("in", "ID")
                && spoken("iw", "IL")
        );
        assert!(!spoken("es", "DE") && !spoken("und", "US") && !spoken("", "US") && !spoken("ka", "US"));
    }
}
