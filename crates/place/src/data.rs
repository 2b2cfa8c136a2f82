//! What is known of names: `data/places.bin`, which `data/make` makes.
//!
//! A line with the date of the data, the lengths of four sections, and the sections: what names can mean, where languages
//! are spoken, in which country a point lies, and the table of names. Numbers are little-endian.

use std::sync::LazyLock;

use crate::country::Country;
use crate::hash::{BUCKET_BITS, Hash, KEPT_BITS};

static BYTES: &[u8] = include_bytes!("../data/places.bin");
static DATA: LazyLock<Data> = LazyLock::new(|| Data::read(BYTES).unwrap_or_default());

/// The buckets between two places whose position is written down.
const STRIDE: usize = 16;

/// The sections of the file.
#[derive(Default)]
struct Data {
    meanings: &'static [u8],
    languages: &'static [u8],
    grid: &'static [u8],
    seed: u16,
    starts: &'static [[u8; 4]],
    counts: &'static [u8],
    entries: &'static [[u8; 4]],
}

impl Data {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let mut rest = &bytes[bytes.iter().position(|byte| *byte == b'\n')? + 1..];
        let mut lengths = [0; 4];
        for length in &mut lengths {
            let (number, after) = rest.split_first_chunk()?;
            *length = usize::try_from(u32::from_le_bytes(*number)).ok()?;
            rest = after;
        }
        let mut section = |nth: usize| {
            let (section, after) = rest.split_at_checked(lengths[nth])?;
            rest = after;
            Some(section)
        };
        let (meanings, languages, grid, table) = (section(0)?, section(1)?, section(2)?, section(3)?);
        let (seed, table) = table.split_first_chunk()?;
        let (starts, table) = table.split_at_checked((1 << BUCKET_BITS) / STRIDE * 4)?;
        let (counts, entries) = table.split_at_checked(1 << BUCKET_BITS)?;
        let (starts, entries) = (starts.as_chunks().0, entries.as_chunks().0);
        Some(Self { meanings, languages, grid, seed: u16::from_le_bytes(*seed), starts, counts, entries })
    }
}

/// The hash of no letters, to which a name's are added.
pub(crate) fn empty_name() -> Hash {
    Hash::new(DATA.seed)
}

/// What the name with this hash means, if it is known.
pub(crate) fn look_up(name: Hash) -> Option<Meaning> {
    let (bucket, kept) = name.finish();
    let stride = bucket / STRIDE * STRIDE;
    let before: usize = DATA.counts.get(stride..bucket)?.iter().map(|count| usize::from(*count)).sum();
    let start = usize::try_from(u32::from_le_bytes(*DATA.starts.get(bucket / STRIDE)?)).ok()? + before;
    let names = DATA.entries.get(start..start + usize::from(*DATA.counts.get(bucket)?))?;
    let entry = names
        .iter()
        .map(|entry| u32::from_le_bytes(*entry))
        .find(|entry| entry >> (32 - KEPT_BITS) == kept)?;
    Meaning::numbered(usize::try_from(entry & ((1 << (32 - KEPT_BITS)) - 1)).ok()?)
}

/// The countries where a language is spoken most, by the share of their people.
pub(crate) fn countries_speaking(language: &[u8; 3]) -> impl Iterator<Item = Country> {
    let mut rest = DATA.languages;
    let mut countries: &[u8] = &[];
    while let Some((&[a, b, c, count], after)) = rest.split_first_chunk() {
        let Some((these, after)) = after.split_at_checked(usize::from(count)) else { break };
        if [a, b, c] == *language {
            countries = these;
            break;
        }
        rest = after;
    }
    countries.iter().filter_map(|index| Country::from_index(*index))
}

/// The rows and columns of the grid in a degree.
const CELLS_A_DEGREE: f64 = 3.0;
const ROWS: usize = 180 * CELLS_A_DEGREE as usize;

/// The country in which a point lies, in degrees north and east; none near a border, at sea, or far from any city.
///
/// The grid has where each row begins, from south to north, and the rows, each of runs of cells from west to east.
pub(crate) fn country_at(latitude: f64, longitude: f64) -> Option<Country> {
    if latitude.abs() >= 90.0 || longitude.abs() >= 180.0 || latitude.is_nan() || longitude.is_nan() {
        return None;
    }
    let row = ((latitude + 90.0) * CELLS_A_DEGREE) as usize;
    let column = ((longitude + 180.0) * CELLS_A_DEGREE) as usize;
    let (starts, runs) = DATA.grid.split_at_checked(2 * ROWS)?;
    let start = usize::from(u16::from_le_bytes(*starts.as_chunks::<2>().0.get(row)?));
    let mut end = 0;
    let run = runs.as_chunks::<2>().0.get(start..)?.iter().find(|[length, _]| {
        end += usize::from(*length);
        column < end
    })?;
    Country::from_index(run[1])
}

/// What a name can mean: a role in the text, and the places that bear it, one for each country, the greatest first.
#[derive(Clone, Copy)]
pub(crate) struct Meaning {
    header: u16,
    candidates: &'static [[u8; 2]],
}

/// What a word says about the words beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    None,
    /// It says nothing, and harms nothing: `city`, `she`.
    Filler,
    /// A place follows: `in`, `based in`.
    In,
    /// It stands between two places: `and`.
    List,
    /// A country after it is a cause, a city a club: `free`, `Real`.
    Slogan,
    /// It is named after the place where it is: `University of`.
    Institution,
}

/// A place that bears a name, the greatest of its country.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub country: Country,
    pub kind: Kind,
    /// 0 below 5,000 inhabitants, 1 from there, 2 from 15,000, 3 from 50,000, 4 from 100,000, 5 from 300,000, 6 from a million.
    pub size: u8,
    /// It is meant if nothing else is said.
    pub dominant: bool,
}

/// The kinds of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Country,
    CountryCode,
    Region,
    RegionCode,
    City,
}

impl Meaning {
    /// The meaning with this number: how many there are, where each begins, and each as its header and its candidates.
    fn numbered(number: usize) -> Option<Self> {
        let units = DATA.meanings.as_chunks::<2>().0;
        let count = usize::from(u16::from_le_bytes(*units.first()?));
        let start = 1 + count + usize::from(u16::from_le_bytes(*units.get(1 + number)?));
        let header = u16::from_le_bytes(*units.get(start)?);
        let candidates = units.get(start + 1..start + 1 + usize::from(header & 15))?;
        Some(Self { header, candidates })
    }

    /// What the name says about the words beside it.
    pub(crate) fn role(self) -> Role {
        match self.header >> 4 & 7 {
            1 => Role::Filler,
            2 => Role::In,
            3 => Role::List,
            4 => Role::Slogan,
            5 => Role::Institution,
            _ => Role::None,
        }
    }

    /// Whether it is an ordinary word or a name of people too, so that alone it names no place.
    pub(crate) fn is_word(self) -> bool {
        self.header >> 7 & 1 == 1
    }

    /// Whether it is a name of people too.
    pub(crate) fn is_person(self) -> bool {
        self.header >> 8 & 1 == 1
    }

    /// The places that bear it.
    pub(crate) fn candidates(self) -> impl Iterator<Item = Candidate> + Clone {
        self.candidates.iter().filter_map(|bytes| {
            let bits = u16::from_le_bytes(*bytes);
            let kind = match bits >> 8 & 7 {
                0 => Kind::Country,
                1 => Kind::CountryCode,
                2 => Kind::Region,
                3 => Kind::RegionCode,
                _ => Kind::City,
            };
            let country = Country::from_index(bits.to_le_bytes()[0])?;
            Some(Candidate { country, kind, size: (bits >> 11 & 7) as u8, dominant: bits >> 14 & 1 == 1 })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<Meaning> {
        look_up(empty_name().extend(name.as_bytes()))
    }

    #[test]
    fn the_file_is_whole_and_below_a_megabyte() {
        assert!(Data::read(BYTES).is_some());
        assert!(BYTES.len() < 1_000_000, "{} bytes", BYTES.len());
    }

    #[test]
    fn what_is_no_name_is_hardly_ever_taken_for_one() {
        // 217,000 of 2^34 hashes are names': of a million others, about 13 are taken for one.
        let found = (0..1_000_000).filter(|number| named(&format!("no name {number}")).is_some()).count();
        assert!(found < 40, "{found}");
    }

    #[test]
    fn names_are_found() {
        let first = |name: &str| {
            named(name)
                .and_then(|meaning| meaning.candidates().next())
                .map(|c| (c.country.as_str(), c.kind, c.dominant))
        };
        assert_eq!(first("lietuva"), Some(("LT", Kind::Country, true)));
        assert_eq!(first("vilnius"), Some(("LT", Kind::City, true)));
        assert_eq!(first("texas"), Some(("US", Kind::Region, true)));
        assert_eq!(first("no such place"), None);
        assert!(named("nice").is_some_and(Meaning::is_word));
        assert!(named("in").is_some_and(|meaning| meaning.role() == Role::In));
    }
}
