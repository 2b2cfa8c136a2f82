//! How many locations get their country, and how many of the answers are right: both figures of `docs/COUNTRY.md`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

use std::fs;
use std::path::Path;

use place::place;

/// The least part of the locations that name a country for which the right one must be found, in per cent.
const REACH: f64 = 90.0;
/// The least part of the answers that must be right, in per cent.
const RIGHT: f64 = 98.0;

/// Holds both figures on the lines of a file: a location, its country's code or `-`, what kind of case it is.
fn hold(lines: &str) {
    let (mut named, mut answers, mut right) = (0, 0, 0);
    let mut wrong = String::new();
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [location, country, class] = fields[..] else { panic!("not three fields: {line:?}") };
        let found = place(location, None).map_or("-", |placed| placed.country.as_str());
        named += u32::from(country != "-");
        answers += u32::from(found != "-");
        right += u32::from(found != "-" && found == country);
        if found != country {
            wrong.push_str(&format!("{location:?}: {found}, not {country} ({class})\n"));
        }
    }
    let percent = |part, whole| 100.0 * f64::from(part) / f64::from(whole);
    let (reach, correct) = (percent(right, named), percent(right, answers));
    eprintln!(
        "{named} locations name a country: {reach:.1} % found; {answers} answers: {correct:.1} % right"
    );
    assert!(reach >= REACH && correct >= RIGHT, "reach {reach:.1} %, right {correct:.1} %:\n{wrong}");
}

#[test]
fn both_figures_hold_on_locations_made_up_for_this_test() {
    hold(include_str!("locations.tsv"));
}

#[test]
fn both_figures_hold_on_more_locations_without_a_country_than_with_one() {
    hold(include_str!("more.tsv"));
}

#[test]
fn both_figures_hold_on_locations_of_real_authors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/country/locations.tsv");
    match fs::read_to_string(&path) {
        Ok(lines) => hold(&lines),
        Err(_) => eprintln!("skipped: {} is not here", path.display()),
    }
}
