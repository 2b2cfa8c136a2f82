//! Countries by the names of places: of countries, regions and cities, decided together.
//!
//! Each name says which countries it can lie in. A country is found if every name that counts can lie in it, and one of them
//! is evidence for it. So `Paris, TX` is in the United States and `Roma, Vilnius` is nowhere.

use crate::country::Country;
use crate::country_how::CountryHow;
use crate::data::{Candidate, Kind, Role};
use crate::language::Language;
use crate::mention::{Mention, Mentions};
use crate::placed::{Certainty, Placed};
use crate::text::Gap;

/// The size from which a city is known beyond its country (300,000 inhabitants).
const GREAT: u8 = 5;
/// The size from which a city is a town that may be told alone, if all else in its part is understood (50,000).
const TOWN: u8 = 3;
/// The size from which a city in another country is a contradiction (100,000).
const CONTRADICTS: u8 = 4;
/// The most words that were not understood around a name that counts all the same.
const FEW: u8 = 2;

/// The country that the names in a text have in common.
pub(crate) fn country_named(mentions: &Mentions, language: Language) -> Option<Placed> {
    if mentions.cause {
        return None;
    }
    let mut best: Option<(u8, Country)> = None;
    let mut tied = false;
    let mut previous: Option<Country> = None;
    for mention in mentions.iter() {
        for candidate in mention.meaning.candidates() {
            let country = candidate.country;
            if previous == Some(country) {
                continue;
            }
            previous = Some(country);
            let Some(score) = score(mentions, country) else { continue };
            match best {
                Some((_, same)) if same == country => {}
                Some((highest, _)) if highest > score => {}
                Some((highest, _)) if highest == score => tied = true,
                _ => {
                    best = Some((score, country));
                    tied = false;
                }
            }
        }
    }
    match best {
        Some((_, country)) if !tied => Some(placed(mentions, country, false)),
        _ => by_language(mentions, language).map(|country| placed(mentions, country, true)),
    }
}

/// How many mentions mean the country before all others, if every one that counts can lie in it and one is evidence.
fn score(mentions: &Mentions, country: Country) -> Option<u8> {
    let mut score = 0;
    let mut evidence = false;
    for (nth, mention) in mentions.iter().enumerate() {
        let here = candidate_in(mention, country);
        let Some(top) = mention.meaning.candidates().next() else { continue };
        if is_code(mention) {
            match code(mentions, nth, mention, country) {
                Code::Ignored => {}
                Code::Elsewhere => return None,
                Code::Here => {
                    evidence = true;
                    // `Signal Hill, CA` is in California, although Canada has one.
                    score += if country.as_str() == "US" { 2 } else { 1 };
                }
            }
            continue;
        }
        if !counts(mentions, mention, top) {
            continue;
        }
        match here {
            Some(candidate) if candidate.dominant => {
                evidence = true;
                score += 2;
            }
            // Another country's city, which a region or a country after it contains: `Paris, TX`, `Athens, Georgia`.
            Some(_) if is_contained(mentions, nth, top, country) => {
                evidence = true;
                score += 3;
            }
            Some(_) if top.dominant && contradicts(top) => return None,
            None if is_sovereign(top, country) => {}
            None if contradicts(top) || top.dominant && is_listed(mentions, nth) => return None,
            _ => {}
        }
    }
    evidence.then_some(score)
}

/// Whether a place elsewhere is great enough to contradict. Of a name of many places, only the greatest are known.
fn contradicts(top: Candidate) -> bool {
    top.kind == Kind::Country || top.dominant && (top.kind == Kind::Region || top.size >= CONTRADICTS)
}

/// Whether the mention is one of several places set side by side, as in `Lentilly / Dhaka`.
fn is_listed(mentions: &Mentions, nth: usize) -> bool {
    nth > 0 && mentions.iter().nth(nth).is_some_and(|mention| mention.gap == Gap::Beside)
        || mentions.iter().nth(nth + 1).is_some_and(|next| next.gap == Gap::Beside)
}

/// Whether the candidate is the country to which the other, a territory, belongs.
fn is_sovereign(candidate: Candidate, territory: Country) -> bool {
    matches!(candidate.kind, Kind::Country | Kind::CountryCode)
        && territory.sovereign() == Some(candidate.country)
}

/// The place of this name in the country, the most important kind first.
fn candidate_in(mention: &Mention, country: Country) -> Option<Candidate> {
    mention.meaning.candidates().find(|candidate| candidate.country == country)
}

/// Whether a region or a country stands after the mention that may contain it in this country, but not where it is otherwise.
fn is_contained(mentions: &Mentions, nth: usize, top: Candidate, country: Country) -> bool {
    mentions.iter().enumerate().skip(nth + 1).any(|(at, outer)| {
        if is_code(outer) {
            return code(mentions, at, outer, country) == Code::Here;
        }
        candidate_in(outer, country).is_some_and(|candidate| {
            // `عمان - الأردن` is Amman in Jordan, `Roma - Toscana` two regions.
            let beside =
                outer.gap == Gap::Beside || outer.gap == Gap::Dash && candidate.kind != Kind::Country;
            let set_off = matches!(outer.gap, Gap::Comma | Gap::Bracket) && outer.unknown == 0;
            let sure = candidate.dominant && !outer.meaning.is_word();
            let only_here = set_off && candidate_in(outer, top.country).is_none();
            !beside && candidate.kind != Kind::City && (sure || only_here)
        })
    })
}

/// Whether the mention is evidence for the country that it means, and contradicts others. Any other mention may only be in a
/// country that is found otherwise.
fn counts(mentions: &Mentions, mention: &Mention, top: Candidate) -> bool {
    let meaning = mention.meaning;
    if mention.after_institution {
        return true;
    }
    if meaning.is_word() || meaning.role() != Role::None {
        return false;
    }
    let clean = mention.unknown == 0;
    match top.kind {
        Kind::Country if mention.letters <= 2 && !mention.capitals => clean,
        Kind::Country => clean || mention.after_in || mention.unknown <= 2 * FEW,
        Kind::Region if top.size >= GREAT => clean || mention.after_in || mention.unknown <= FEW,
        // `Paris Hilton` is no place.
        Kind::City if top.size >= GREAT => clean || mention.after_in,
        Kind::Region | Kind::City if top.size >= TOWN && mention.after_in => {
            mentions.unknown <= usize::from(2 * FEW)
        }
        Kind::Region | Kind::City if top.size >= TOWN && mention.after_in => {
            mentions.unknown <= usize::from(2 * FEW)
        }
        // `Paris Hilton` is no place, `Glasgow based` is one.
        Kind::City if top.size >= GREAT => {
            clean || mention.after_in || mention.unknown == 1 && !meaning.is_person()
        }
        Kind::Region | Kind::City if top.size >= TOWN => {
            (clean || mention.after_in) && mentions.unknown <= usize::from(2 * FEW)
        }
        _ => mentions.unknown == 0,
    }
}

/// Whether the mention is a code and nothing else.
fn is_code(mention: &Mention) -> bool {
    mention
        .meaning
        .candidates()
        .all(|candidate| matches!(candidate.kind, Kind::CountryCode | Kind::RegionCode))
}

/// What a code says of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// It is taken for a word.
    Ignored,
    /// It is of other countries.
    Elsewhere,
    /// It tells this country.
    Here,
}

/// What the code says of the country. A code counts after a name that may lie there too (`Milan, IT`), or in capitals after an
/// unknown town (`Arizola, AZ`, `Passo di Treia (MC)`).
fn code(mentions: &Mentions, nth: usize, mention: &Mention, country: Country) -> Code {
    let before = nth.checked_sub(1).and_then(|before| mentions.iter().nth(before));
    let named = before.filter(|before| mention.unknown_before == 0 && !is_code(before));
    let set_off = matches!(mention.gap, Gap::Comma | Gap::Bracket | Gap::Dash);
    let is_word = mention.meaning.role() != Role::None || mentions.unknown > 0;
    if mention.first || is_word && !mention.capitals && !(set_off && named.is_some()) {
        return Code::Ignored;
    }
    let agrees = |country: Country| named.is_some_and(|named| candidate_in(named, country).is_some());
    let any_agrees = mention.meaning.candidates().any(|candidate| agrees(candidate.country));
    match candidate_in(mention, country) {
        Some(_) if agrees(country) => Code::Here,
        Some(candidate) if !any_agrees && is_after_unknown_town(mention, candidate) => Code::Here,
        None if any_agrees => Code::Elsewhere,
        _ => Code::Ignored,
    }
}

/// Whether the code stands as people write it after a town that is not known: a state of the United States after a comma, a
/// province of Italy in brackets. States whose codes are as often written for a country are left out.
fn is_after_unknown_town(mention: &Mention, candidate: Candidate) -> bool {
    const ALSO_COUNTRIES: [&str; 6] = ["AR", "CO", "DE", "ID", "IN", "MA"];
    if candidate.kind != Kind::RegionCode
        || !mention.capitals
        || mention.letters != 2
        || mention.unknown_before == 0
        || mention.unknown_before > 3
    {
        return false;
    }
    let is_country = || {
        mention
            .meaning
            .candidates()
            .any(|other| ALSO_COUNTRIES.contains(&other.country.as_str()) && other.kind == Kind::CountryCode)
    };
    match candidate.country.as_str() {
        "US" => mention.gap == Gap::Comma && !is_country(),
        "IT" => {
            mention.gap == Gap::Bracket
                && mention.meaning.candidates().all(|other| other.country.as_str() != "BR")
        }
        _ => false,
    }
}

/// The country that the language decides for, among those that every name can lie in.
fn by_language(mentions: &Mentions, language: Language) -> Option<Country> {
    let mut counted = mentions.iter().filter(|mention| {
        let top = mention.meaning.candidates().next();
        !is_code(mention)
            && top.is_some_and(|top| counts(mentions, mention, top) || top.kind == Kind::Country)
    });
    let first = counted.next()?;
    if counted.next().is_some() || mentions.unknown > 0 {
        return None;
    }
    let word = first.meaning.is_word();
    let mut spoken = first.meaning.candidates().filter(|candidate| {
        language.is_spoken_in(candidate.country) && (!word || candidate.kind == Kind::Country)
    });
    let greatest = spoken.next()?;
    spoken.all(|other| other.size + 1 < greatest.size).then_some(greatest.country)
}

/// The country, with how it is known.
fn placed(mentions: &Mentions, country: Country, by_language: bool) -> Placed {
    let here = || mentions.iter().filter_map(|mention| candidate_in(mention, country));
    let is = |kinds: [Kind; 2]| here().any(|candidate| kinds.contains(&candidate.kind));
    let how = if is([Kind::Country, Kind::CountryCode]) {
        CountryHow::Country
    } else if is([Kind::Region, Kind::RegionCode]) {
        if here().count() > 1 || mentions.unknown > 0 {
            CountryHow::CityAndRegion
        } else {
            CountryHow::Region
        }
    } else {
        CountryHow::City
    };
    // Every name that counts can lie in the country; whether it must is asked of the others.
    let choice = |other: Country| {
        other != country && mentions.iter().all(|mention| candidate_in(mention, other).is_some())
    };
    let chosen = mentions
        .iter()
        .next()
        .is_some_and(|first| first.meaning.candidates().any(|candidate| choice(candidate.country)));
    let named = how == CountryHow::Country;
    let sure = if by_language || !named && (chosen || mentions.unknown > 0) {
        Certainty::Likely
    } else {
        Certainty::Certain
    };
    Placed { country, how, sure }
}
