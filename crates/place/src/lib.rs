//! Which country a post belongs to, and how that is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A country, as its ISO 3166-1 alpha-2 code in capitals (`LT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country(celes::Country);

/// How the country of a post is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum CountrySource {
    /// The author tagged the post with a place.
    Place,
    /// The author's profile names a country as their location: where they say they live, which
    /// need not be where the post was written.
    Profile,
}

/// Countries as their people write them, where that is not the English name that the library knows.
/// Only names that mean one country; lower case.
const OWN_NAMES: &[(&str, &str)] = &[
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

/// English names that are as much another place's (a state, a city, a person), or common words.
const AMBIGUOUS: &[&str] = &["georgia", "jersey", "guinea", "congo", "samoa"];

impl fmt::Display for CountrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Place => "place",
            Self::Profile => "profile",
        })
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Country {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("A country, as its ISO 3166-1 alpha-2 code in capitals."))
            .enum_values(Some(Self::all().map(|country| country.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Country {}

impl Country {
    /// All countries, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut countries = celes::Country::get_countries();
        countries.sort_unstable_by_key(|country| country.alpha2);
        countries.into_iter().map(Self)
    }

    /// The country whose alpha-2 code this is, in either case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        if code.len() != 2 {
            return None;
        }
        celes::Country::from_alpha2(code.to_ascii_uppercase()).ok().map(Self)
    }

    /// The country that an author's own description of their location names, if it clearly names one.
    ///
    /// Looks for a flag, then for a country's name as a whole part of the text between commas and
    /// the like, the last one first (people write `Vilnius, Lithuania`). Two-letter parts are not
    /// read as codes: `CA` is California more often than Canada. Two flags name no one country.
    #[must_use]
    pub fn from_location(location: &str) -> Option<Self> {
        let mut flags = flags(location);
        if let Some(flag) = flags.next() {
            return flags.all(|other| other == flag).then_some(flag);
        }
        location
            .split([',', '/', '|', '·', '•', '-', '–', '(', ')', ';', '،', '、'])
            .rev()
            .find_map(|part| Self::from_name(part.trim()))
    }

    fn from_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        if let Some((_, code)) = OWN_NAMES.iter().find(|(own, _)| *own == name) {
            return Self::from_code(code);
        }
        if name.chars().count() < 4 || AMBIGUOUS.contains(&name.as_str()) {
            return None;
        }
        celes::Country::get_countries()
            .into_iter()
            .find(|country| country.long_name.to_lowercase() == name)
            .map(Self)
    }

    /// The alpha-2 code.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.0.alpha2
    }
}

/// The countries whose flags stand in the text: pairs of regional indicators.
fn flags(text: &str) -> impl Iterator<Item = Country> {
    let letter = |c: char| {
        ('🇦'..='🇿')
            .contains(&c)
            .then(|| u8::try_from(u32::from(c) - u32::from('🇦')).ok())
            .flatten()
            .map(|offset| char::from(b'A' + offset))
    };
    let mut chars = text.chars();
    std::iter::from_fn(move || {
        loop {
            let Some(first) = letter(chars.next()?) else { continue };
            let second = letter(chars.next()?)?;
            if let Some(country) = Country::from_code(&format!("{first}{second}")) {
                return Some(country);
            }
        }
    })
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        Self::from_code(code).ok_or_else(|| format!("{code:?} is not an ISO 3166-1 alpha-2 code"))
    }
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        code.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country_in(location: &str) -> Option<&'static str> {
        Country::from_location(location).map(|country| country.as_str())
    }

    #[test]
    fn profiles_name_countries_in_many_ways() {
        for (location, expected) in [
            ("Vilnius, Lithuania", "LT"),
            ("Lietuva", "LT"),
            ("🇱🇹 Kaunas", "LT"),
            ("London, England", "GB"),
            ("Roma, Italia", "IT"),
            ("東京、日本", "JP"),
            ("New York, USA", "US"),
            ("الرياض، السعودية", "SA"),
            ("França | Brasil", "BR"),
            ("Sydney, Australia", "AU"),
        ] {
            assert_eq!(country_in(location), Some(expected), "{location}");
        }
    }

    #[test]
    fn what_does_not_clearly_name_a_country_is_unknown() {
        for location in ["", "🌍", "Los Angeles, CA", "Atlanta, Georgia", "🇫🇷🇩🇪", "everywhere", "in", "🇱"]
        {
            assert_eq!(country_in(location), None, "{location}");
        }
    }

    #[test]
    fn every_own_name_is_of_a_country_that_exists() {
        for (name, code) in OWN_NAMES {
            assert!(Country::from_code(code).is_some(), "{name}: {code}");
            assert_eq!(name.to_lowercase(), *name);
        }
    }
}
