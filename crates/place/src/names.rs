//! Countries by name.

use crate::country::Country;

/// The shortest English name that is recognised: shorter ones are common words elsewhere.
const SHORTEST_NAME: usize = 4;

/// Names of countries besides the English ones that the library knows: in the country's own languages, and other usual
/// ones. Each stands for one country only; lower case.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("argelia", "DZ"),
    ("deutschland", "DE"),
    ("österreich", "AT"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("belgië", "BE"),
    ("belgique", "BE"),
    ("nederland", "NL"),
    ("holland", "NL"),
    ("the netherlands", "NL"),
    ("españa", "ES"),
    ("espana", "ES"),
    ("spain", "ES"),
    ("italia", "IT"),
    ("brasil", "BR"),
    ("méxico", "MX"),
    ("mexico", "MX"),
    ("perú", "PE"),
    ("panamá", "PA"),
    ("república dominicana", "DO"),
    ("türkiye", "TR"),
    ("turkiye", "TR"),
    ("turkey", "TR"),
    ("polska", "PL"),
    ("česko", "CZ"),
    ("czech republic", "CZ"),
    ("czechia", "CZ"),
    ("slovensko", "SK"),
    ("slovenija", "SI"),
    ("hrvatska", "HR"),
    ("srbija", "RS"),
    ("србија", "RS"),
    ("magyarország", "HU"),
    ("românia", "RO"),
    ("българия", "BG"),
    ("ελλάδα", "GR"),
    ("shqipëri", "AL"),
    ("україна", "UA"),
    ("ukraine", "UA"),
    ("россия", "RU"),
    ("russia", "RU"),
    ("беларусь", "BY"),
    ("қазақстан", "KZ"),
    ("lietuva", "LT"),
    ("latvija", "LV"),
    ("eesti", "EE"),
    ("suomi", "FI"),
    ("sverige", "SE"),
    ("norge", "NO"),
    ("danmark", "DK"),
    ("ísland", "IS"),
    ("éire", "IE"),
    ("საქართველო", "GE"),
    ("հայաստան", "AM"),
    ("azərbaycan", "AZ"),
    ("日本", "JP"),
    ("中国", "CN"),
    ("中國", "CN"),
    ("台灣", "TW"),
    ("台湾", "TW"),
    ("taiwan", "TW"),
    ("香港", "HK"),
    ("대한민국", "KR"),
    ("한국", "KR"),
    ("south korea", "KR"),
    ("korea", "KR"),
    ("ประเทศไทย", "TH"),
    ("việt nam", "VN"),
    ("vietnam", "VN"),
    ("भारत", "IN"),
    ("pilipinas", "PH"),
    ("philippines", "PH"),
    ("ایران", "IR"),
    ("iran", "IR"),
    ("پاکستان", "PK"),
    ("বাংলাদেশ", "BD"),
    ("السعودية", "SA"),
    ("المملكة العربية السعودية", "SA"),
    ("ksa", "SA"),
    ("مصر", "EG"),
    ("الكويت", "KW"),
    ("الإمارات", "AE"),
    ("uae", "AE"),
    ("united arab emirates", "AE"),
    ("قطر", "QA"),
    ("العراق", "IQ"),
    ("لبنان", "LB"),
    ("المغرب", "MA"),
    ("maroc", "MA"),
    ("تونس", "TN"),
    ("الجزائر", "DZ"),
    ("algérie", "DZ"),
    ("فلسطين", "PS"),
    ("palestine", "PS"),
    ("ישראל", "IL"),
    ("syria", "SY"),
    ("usa", "US"),
    ("u.s.a.", "US"),
    ("u.s.", "US"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("estados unidos", "US"),
    ("uk", "GB"),
    ("u.k.", "GB"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("inglaterra", "GB"),
    ("venezuela", "VE"),
    ("bolivia", "BO"),
    ("tanzania", "TZ"),
    ("south africa", "ZA"),
    ("nigeria", "NG"),
    ("kenya", "KE"),
    ("ghana", "GH"),
    ("ivory coast", "CI"),
    ("côte d'ivoire", "CI"),
    ("cameroun", "CM"),
    ("sénégal", "SN"),
];

/// English names that are also those of another place or a person, or common words.
const AMBIGUOUS_NAMES: &[&str] = &["georgia", "jersey", "guinea", "congo", "samoa"];

/// The country of this name, in any case; none if the name is ambiguous.
pub(crate) fn country_named(name: &str) -> Option<Country> {
    let name = name.to_lowercase();
    if let Some((_, code)) = OTHER_NAMES.iter().find(|(other, _)| *other == name) {
        return Country::from_code(code);
    }
    if name.chars().count() < SHORTEST_NAME || AMBIGUOUS_NAMES.contains(&name.as_str()) {
        return None;
    }
    Country::from_english_name(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_lower_case_and_of_a_country_that_exists() {
        for (name, code) in OTHER_NAMES {
            assert!(Country::from_code(code).is_some(), "{name}: {code}");
            assert_eq!(name.to_lowercase(), *name);
        }
    }
}
