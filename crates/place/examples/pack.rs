//! Packs the rows that `data/make` reads from packages into `places.bin`: decides which countries each name may mean.
//!
//! `pack DATE ROWS TARGET`; the rows are described in `data/make`, the file in `src/data.rs`.
#![allow(missing_docs, clippy::print_stdout, reason = "a program for developers")]

use std::collections::{BTreeMap, HashMap};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

#[path = "../src/fold.rs"]
#[allow(dead_code)]
mod fold;
#[path = "pack/grid.rs"]
mod grid;
#[path = "../src/hash.rs"]
mod hash;
#[path = "pack/languages.rs"]
mod languages;
#[path = "pack/table.rs"]
mod table;

/// A namesake must have at most this part of the prominence of a place that is meant when nothing else is said.
const DOMINANCE: u64 = 4;
/// The namesakes that are kept.
const NAMESAKES: usize = 5;

#[derive(Default)]
struct Name {
    countries: BTreeMap<String, u64>,
    regions: BTreeMap<String, u64>,
    cities: BTreeMap<String, (u64, u64)>,
    codes: BTreeMap<String, (u16, u64)>,
    role: u16,
    word: bool,
    /// It is in `aliases.tsv`.
    own: bool,
    /// Which lists of words it is in.
    lists: u8,
}

struct Candidate {
    country: String,
    kind: u16,
    inhabitants: u64,
    prominence: u64,
}

/// The other names in GeoNames from which a city is known beyond its country, so that its name is no ordinary word.
const FAMOUS: u64 = 30;
/// The locales of CLDR up to which a country's name counts as rare.
const FEW_LANGUAGES: u64 = 15;

/// The lists of words, and the bit of each.
const LISTS: [&str; 6] = ["stop", "common", "rare", "firstName", "lastName", "frequent"];
const STOP: u8 = 1;
const COMMON: u8 = 2;
const RARE: u8 = 4;
const FIRST_NAME: u8 = 8;
const LAST_NAME: u8 = 16;
const FREQUENT: u8 = 32;

const COUNTRY: u16 = 0;
const COUNTRY_CODE: u16 = 1;
const REGION: u16 = 2;
const REGION_CODE: u16 = 3;
const CITY: u16 = 4;

fn main() -> Result<()> {
    let [date, rows, target] = &env::args().skip(1).collect::<Vec<_>>()[..] else {
        anyhow::bail!("usage: pack DATE ROWS TARGET")
    };
    let rows = fs::read_to_string(rows).with_context(|| format!("reading {rows}"))?;
    let mut names: BTreeMap<String, Name> = BTreeMap::new();
    let mut words: HashMap<String, u8> = HashMap::new();
    let mut spoken: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    let mut points = Vec::new();
    for row in rows.lines() {
        let [kind, country, weight, name] = row.split('\t').collect::<Vec<_>>()[..] else {
            anyhow::bail!("row {row:?}")
        };
        match kind {
            "language" => spoken.entry(name).or_default().push((weight.parse()?, country)),
            "point" => {
                let (latitude, longitude) = weight.split_once(',').context("a point without a comma")?;
                points.push((latitude.parse()?, longitude.parse()?, country));
            }
            "stop" | "common" | "rare" | "frequent" | "firstName" | "lastName" => {
                let bit = LISTS.iter().position(|known| *known == kind).context(row.to_owned())?;
                *words.entry(key(name)).or_default() |= 1 << bit;
            }
            _ => {
                let key = key(name);
                if key.is_empty() || key.len() > 64 {
                    continue;
                }
                let entry = names.entry(key).or_default();
                match kind {
                    "country" => {
                        *entry.countries.entry(country.into()).or_default() += weight.parse::<u64>()?
                    }
                    "region" => raise(&mut entry.regions, country, weight.parse()?),
                    "city" => {
                        let (inhabitants, names) = weight.split_once('+').context("a city without `+`")?;
                        raise(&mut entry.cities, country, (inhabitants.parse()?, names.parse()?));
                    }
                    "countryCode" => raise(&mut entry.codes, country, (COUNTRY_CODE, weight.parse()?)),
                    "regionCode" => raise(&mut entry.codes, country, (REGION_CODE, weight.parse()?)),
                    "word" => entry.word = true,
                    "own" => entry.own = true,
                    role => {
                        let roles = ["filler", "in", "list", "slogan", "institution"];
                        let role = roles.iter().position(|known| *known == role).context(row.to_owned())?;
                        entry.role = u16::try_from(role + 1)?;
                    }
                }
            }
        }
    }
    for (key, bits) in &words {
        if let Some(name) = names.get_mut(key) {
            name.lists |= bits;
        }
    }
    let codes = country_codes();
    let mut meant = Vec::new();
    for (key, name) in &names {
        if let Some(meaning) = meaning(key, name, &codes)? {
            meant.push((key.as_str(), meaning));
        }
    }
    let (meanings, table) = table::pack(&meant)?;
    let languages = languages::pack(spoken, &codes)?;
    let grid = grid::pack(&points, &codes);
    let mut bytes = format!("places {date}\n").into_bytes();
    for section in [&meanings, &languages, &grid, &table] {
        bytes.extend(u32::try_from(section.len())?.to_le_bytes());
    }
    for section in [&meanings, &languages, &grid, &table] {
        bytes.extend(section);
    }
    println!(
        "{} names: {} bytes of meanings, {} of languages, {} of the grid, {} of names; {} in all",
        meant.len(),
        meanings.len(),
        languages.len(),
        grid.len(),
        table.len(),
        bytes.len()
    );
    fs::write(target, bytes).with_context(|| format!("writing {target}"))
}

fn raise<T: Ord>(among: &mut BTreeMap<String, T>, country: &str, value: T) {
    match among.get_mut(country) {
        Some(present) if *present >= value => {}
        _ => {
            among.insert(country.into(), value);
        }
    }
}

/// A name as the crate looks it up.
fn key(name: &str) -> String {
    let name = name.split(['(', ',', '/', ';', '[']).next().unwrap_or_default();
    let mut key = String::new();
    for c in name.chars() {
        fold::fold(c, |c| {
            if fold::is_word(c) {
                key.push(c);
            } else if !fold::is_silent(c) && !key.ends_with(' ') && !key.is_empty() {
                key.push(' ');
            }
        });
    }
    key.trim_end().to_owned()
}

/// The codes of all countries, in order: what the crate's `Country` counts by.
fn country_codes() -> Vec<String> {
    place::Country::all().map(|country| country.as_str().to_owned()).collect()
}

/// What the crate reads about a name, or nothing if it may be left out.
fn meaning(key: &str, name: &Name, codes: &[String]) -> Result<Option<Vec<u16>>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let calls: u64 = name.countries.values().sum();
    for (country, calls_it) in &name.countries {
        // Two or three letters are an abbreviation in some language, and a word in many.
        if calls_it * 10 >= calls && (name.own || !key.is_ascii() || key.len() > 3) {
            candidates.push(Candidate {
                country: country.clone(),
                kind: COUNTRY,
                inhabitants: 100_000_000,
                prominence: 60_000 * calls_it,
            });
        }
    }
    for (country, inhabitants) in &name.regions {
        let city = name.cities.get(country).is_some_and(|(city, _)| *city >= 100_000);
        candidates.push(Candidate {
            country: country.clone(),
            kind: if city { CITY } else { REGION },
            inhabitants: *inhabitants,
            prominence: *inhabitants,
        });
    }
    for (country, (inhabitants, names)) in
        name.cities.iter().filter(|_| name.own || !key.is_ascii() || key.len() > 2)
    {
        // Of another name of a city, little is known: few may use it.
        let prominence =
            if *names == 0 { inhabitants / 4 } else { inhabitants * (20 + names.min(&100)) / 20 };
        match candidates.iter_mut().find(|candidate| candidate.country == *country) {
            Some(same) => {
                same.prominence = same.prominence.max(prominence);
                same.inhabitants = same.inhabitants.max(*inhabitants);
            }
            None => candidates.push(Candidate {
                country: country.clone(),
                kind: CITY,
                inhabitants: *inhabitants,
                prominence,
            }),
        }
    }
    candidates.sort_by(|a, b| b.prominence.cmp(&a.prominence).then_with(|| a.country.cmp(&b.country)));
    let others: u64 = candidates.iter().skip(1).map(|candidate| candidate.prominence).sum();
    let dominant = candidates.first().is_some_and(|first| first.prominence >= DOMINANCE * others);
    let top = candidates.first().map_or(0, |first| first.inhabitants);
    let top_kind = candidates.first().map(|first| first.kind);
    let famous = name.cities.values().max().is_some_and(|(_, names)| *names >= FAMOUS);
    // The lists of names have a few in other scripts by transliteration: London is one of them.
    let lists_of = if key.is_ascii() { name.lists } else { name.lists & !(FIRST_NAME | LAST_NAME) };
    let listed = |lists: u8| lists_of & lists != 0;
    let short = key.chars().count() <= 3 && key.is_ascii();
    let word = name.word
        || !name.own
            && match top_kind {
                Some(COUNTRY) => {
                    calls <= FEW_LANGUAGES && listed(STOP | COMMON | RARE | FIRST_NAME | LAST_NAME)
                }
                Some(REGION) => {
                    listed(STOP)
                        || top < 3_000_000 && listed(COMMON)
                        || top < 1_000_000 && listed(RARE | FIRST_NAME | FREQUENT)
                        || top < 2_000_000 && short
                }
                // Another name of a city is an ordinary word more often than its main name.
                Some(_) if name.cities.values().max().is_some_and(|(_, names)| *names == 0) => {
                    listed(STOP | COMMON | RARE | FIRST_NAME | FREQUENT)
                        || top < 15_000 && listed(LAST_NAME)
                        || top < 300_000 && short
                }
                Some(_) => {
                    top < 1_000_000 && listed(STOP)
                        || !famous
                            && (top < 300_000 && listed(COMMON)
                                || top < 100_000 && listed(RARE | FIRST_NAME | FREQUENT))
                        || top < 15_000 && listed(LAST_NAME)
                        || top < 300_000 && short
                }
                None => false,
            };
    let person = listed(FIRST_NAME | LAST_NAME);
    candidates.truncate(NAMESAKES);
    let codes_of: Vec<_> = name.codes.iter().collect();
    if candidates.is_empty() && codes_of.is_empty() && name.role == 0 {
        return Ok(name.word.then(|| vec![1 << 7]));
    }
    if word && name.role == 0 && codes_of.is_empty() && top < 100_000 {
        return Ok(None);
    }
    let index = |country: &str| -> Result<u16> {
        Ok(u16::try_from(codes.iter().position(|code| code == country).with_context(|| country.to_owned())?)?)
    };
    let mut units = vec![0];
    for (nth, candidate) in candidates.iter().enumerate() {
        let dominant = u16::from(nth == 0 && dominant);
        // The namesakes' sizes matter less: fewer classes make fewer meanings.
        let size = if nth == 0 {
            size(candidate.inhabitants)
        } else {
            [1, 1, 1, 4, 4, 5, 6][usize::from(size(candidate.inhabitants))]
        };
        units.push(index(&candidate.country)? | candidate.kind << 8 | size << 11 | dominant << 14);
    }
    for (country, (kind, inhabitants)) in codes_of {
        units.push(index(country)? | kind << 8 | size(*inhabitants) << 11);
    }
    units[0] =
        u16::try_from(units.len() - 1)? | name.role << 4 | u16::from(word) << 7 | u16::from(person) << 8;
    ensure!(units.len() <= 16, "{key}: too many meanings");
    Ok(Some(units))
}

/// The class of a number of inhabitants.
fn size(inhabitants: u64) -> u16 {
    let steps = [5_000, 15_000, 50_000, 100_000, 300_000, 1_000_000];
    steps.iter().filter(|step| inhabitants >= **step).count() as u16
}
