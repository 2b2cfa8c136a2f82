//! Where each language is spoken.

use std::collections::BTreeMap;

use anyhow::Result;

/// Each language with the countries where it is spoken, those with the greatest share first: three letters, how many, which.
pub(crate) fn pack(languages: BTreeMap<&str, Vec<(u64, &str)>>, codes: &[String]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    for (language, mut countries) in languages {
        if language.len() > 3 {
            continue;
        }
        countries.sort_by(|a, b| b.cmp(a));
        let countries: Vec<u8> = countries
            .iter()
            .filter_map(|(_, country)| codes.iter().position(|code| code == country))
            .map(|index| index as u8)
            .collect();
        packed.extend(format!("{language:<3}").into_bytes());
        packed.push(u8::try_from(countries.len())?);
        packed.extend(countries);
    }
    Ok(packed)
}
