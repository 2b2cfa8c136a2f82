//! The language decides between places of one name, and nothing else.
#![allow(missing_docs, reason = "a test")]

use place::{Certainty, place};

#[test]
fn the_language_decides_between_places_of_one_name() {
    for (location, language, expected) in [
        ("Georgia", None, None),
        ("Georgia", Some("en"), None),
        ("Georgia", Some("ka"), Some("GE")),
        ("Petrópolis", Some("pt"), Some("BR")),
        ("Petrópolis", Some("en"), None),
        ("Jordan", Some("ar"), Some("JO")),
        ("Jordan", Some("en"), None),
        ("Island", Some("is"), Some("IS")),
        ("Island", Some("und"), None),
        ("Valencia", Some("es"), None),
        ("Valencia", Some("ca"), Some("ES")),
        ("Nice", Some("fr"), None),
    ] {
        let placed = place(location, language);
        assert_eq!(placed.map(|placed| placed.country.as_str()), expected, "{location} in {language:?}");
        assert!(placed.is_none_or(|placed| placed.sure == Certainty::Likely), "{location}");
    }
}

#[test]
fn the_language_does_not_overrule_the_location() {
    for (location, language, expected) in [
        ("Roma", "es", "IT"),
        ("Paris, Texas", "fr", "US"),
        ("Atlanta, Georgia", "ka", "US"),
        ("Barcelona", "en", "ES"),
    ] {
        assert_eq!(
            place(location, Some(language)).map(|placed| placed.country.as_str()),
            Some(expected),
            "{location}"
        );
    }
}
