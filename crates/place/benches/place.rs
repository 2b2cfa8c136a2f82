//! How long a location takes, from the shortest to the worst.
#![allow(missing_docs, clippy::print_stdout, reason = "a program for developers")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use place::place;

/// How long each case is measured.
const MEASURED: Duration = Duration::from_secs(1);

fn main() {
    let all: Vec<&str> =
        include_str!("../tests/locations.tsv").lines().filter_map(|line| line.split('\t').next()).collect();
    case("all of tests/locations.tsv", &all);
    case("a city", &["Lagos"]);
    case("a city and a country", &["Vilnius, Lithuania"]);
    case("a city and a state", &["Portland, OR"]);
    case("a flag and a city", &["🇱🇹 Kaunas"]);
    case("Arabic", &["جدة، المملكة العربية السعودية"]);
    case("Japanese", &["東京都渋谷区"]);
    case("Korean", &["서울특별시 강남구"]);
    case("coordinates", &["ÜT: 10.233481,-67.585136"]);
    case("no place", &["in your heart somewhere"]);
    case(
        "150 letters of no place",
        &["the quick brown fox jumps over the lazy dog ".repeat(4).get(..150).unwrap_or_default()],
    );
    case("512 bytes of Han characters", &[&"京".repeat(170)]);
    case("512 bytes of accents", &[&"\u{301}".repeat(256)]);
    case("24 countries", &[&"Chile, Peru, ".repeat(12)]);
    case("10 KB", &[&"Paris, France. ".repeat(700)]);
}

/// Prints the mean time of a location, in the fastest of twenty rounds: the others were disturbed.
fn case(name: &str, locations: &[&str]) {
    let mut fastest = f64::INFINITY;
    for _ in 0..20 {
        let (start, mut calls) = (Instant::now(), 0_u32);
        while start.elapsed() < MEASURED / 20 {
            for location in locations {
                black_box(place(black_box(location), black_box(Some("en"))));
            }
            calls += 1;
        }
        let nanoseconds = start.elapsed().as_nanos() as f64;
        fastest = fastest.min(nanoseconds / f64::from(calls) / locations.len() as f64);
    }
    println!("{name:32} {fastest:8.0} ns");
}
