//! Whatever the location is: no panic, no memory from the heap, bounded work, and an answer that is none or right.
#![allow(clippy::unwrap_used, reason = "a test")]

use place::place;
use proptest::prelude::*;

/// Locations at their worst: long, of many parts, of characters that say nothing or become many.
fn worst() -> Vec<String> {
    let countries: Vec<&str> =
        ["France", "Deutschland", "日本", "Brasil", "Nigeria"].into_iter().cycle().take(50).collect();
    vec![
        "Paris, France. ".repeat(700),
        "é".repeat(5_000),
        "\u{301}".repeat(5_000),
        "\u{301}".repeat(255),
        "\u{fdfa}".repeat(170),
        "京".repeat(170),
        "ก".repeat(170),
        "a ".repeat(255),
        "ab, ".repeat(120),
        "🇦".repeat(128),
        "🏴".repeat(128),
        "1.11 ".repeat(100),
        "d.c.".repeat(127),
        "#aA".repeat(170),
        "new york ".repeat(50),
        countries.join(", "),
        countries.join(" "),
    ]
}

#[test]
fn the_worst_locations_name_no_country() {
    for location in worst() {
        assert_eq!(place(&location, Some("en")), None, "{location}");
    }
}

#[test]
fn nothing_is_taken_from_the_heap() {
    let lines = include_str!("locations.tsv").lines().map(|line| line.split('\t').next().unwrap().to_owned());
    let locations: Vec<String> = lines.chain(worst()).collect();
    // The first call reads the data's header.
    let _ = place("Vilnius", None);
    let taken = allocation_counter::measure(|| {
        for location in &locations {
            let _ = place(location, Some("es"));
        }
    });
    assert_eq!(taken.count_total, 0);
}

proptest! {
    #[test]
    fn any_text_is_answered(location in "\\PC{0,200}", language in proptest::option::of(".{0,8}")) {
        let _ = place(&location, language.as_deref());
    }

    #[test]
    fn any_characters_are_answered(location in any::<String>()) {
        let _ = place(&location, None);
    }

    #[test]
    fn any_bytes_that_are_text_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = place(&String::from_utf8_lossy(&bytes), Some("und"));
    }

    /// Pieces of locations in any order, with any separators.
    #[test]
    fn any_mixture_of_pieces_is_answered(pieces in proptest::collection::vec(piece(), 0..30)) {
        let _ = place(&pieces.concat(), Some("en"));
    }

    /// Spaces around, and capitals, change nothing.
    #[test]
    fn ornament_changes_nothing(line in 0..466_usize, before in "[ \u{2728}\u{1f4cd}]{0,3}", after in "[ \u{2728}!]{0,3}") {
        let location = include_str!("locations.tsv").lines().nth(line).and_then(|line| line.split('\t').next()).unwrap();
        let country = |location: &str| place(location, None).map(|placed| placed.country);
        prop_assume!(!location.contains(['.', '°']));
        prop_assert_eq!(country(&format!("{before}{location}{after}")), country(location));
    }
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "Paris",
        "New York",
        "TX",
        "IT",
        "in",
        "San",
        "de",
        "東京",
        "都",
        "กรุงเทพ",
        "الأردن",
        "भारत",
        "서울",
        "🇫🇷",
        "🏴",
        "🇬",
        "41.39",
        "-2.17",
        "°",
        "'",
        "N",
        " ",
        ", ",
        " - ",
        "/",
        "#",
        "@",
        ".",
        "&",
        "(",
        ")",
        "\n",
        "\u{301}",
        "\u{200d}",
        "http://",
        "www.",
    ];
    prop_oneof![
        proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from)
    ]
}
