//! A country, by its ISO 3166-1 alpha-2 code.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The codes that ISO 3166-1 assigns, and `XK`, by which Kosovo goes until it has one; in order.
#[rustfmt::skip]
const CODES: [&str; 250] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD", "BE",
    "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD",
    "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM",
    "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF",
    "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU",
    "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN",
    "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME",
    "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA",
    "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
    "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI",
    "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK",
    "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI",
    "VN", "VU", "WF", "WS", "XK", "YE", "YT", "ZA", "ZM", "ZW",
];

/// A country, by its ISO 3166-1 alpha-2 code in capitals (`LT`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct Country(u8);

/// The text is not the code of a country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 3166-1 alpha-2 code")]
pub struct InvalidCountry(String);

impl Country {
    /// All countries, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map_while(Self::from_index)
    }

    /// The country with this code, in either case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let &[first, second] = code.as_bytes() else { return None };
        let capitals = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
        let index = CODES.binary_search_by(|known| known.as_bytes().cmp(&capitals)).ok()?;
        Some(Self(u8::try_from(index).ok()?))
    }

    /// The country at this place among all.
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        (usize::from(index) < CODES.len()).then_some(Self(index))
    }

    /// The country to which this one belongs, if it is a territory with a code of its own.
    pub(crate) fn sovereign(self) -> Option<Self> {
        Self::from_code(match self.as_str() {
            "AS" | "GU" | "MP" | "PR" | "UM" | "VI" => "US",
            "HK" | "MO" => "CN",
            "BL" | "GF" | "GP" | "MF" | "MQ" | "NC" | "PF" | "PM" | "RE" | "TF" | "WF" | "YT" => "FR",
            "AI" | "BM" | "FK" | "GG" | "GI" | "GS" | "IM" | "IO" | "JE" | "KY" | "MS" | "PN" | "SH"
            | "TC" | "VG" => "GB",
            "AW" | "BQ" | "CW" | "SX" => "NL",
            "FO" | "GL" => "DK",
            "BV" | "SJ" => "NO",
            "CC" | "CX" | "HM" | "NF" => "AU",
            "CK" | "NU" | "TK" => "NZ",
            "AX" => "FI",
            _ => return None,
        })
    }

    /// The code, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        CODES.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Country> for &'static str {
    fn from(country: Country) -> Self {
        country.as_str()
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(code: &str) -> Result<Self, InvalidCountry> {
        Self::from_code(code).ok_or_else(|| InvalidCountry(code.to_owned()))
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(code: String) -> Result<Self, InvalidCountry> {
        code.parse()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Country {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("A country, by its ISO 3166-1 alpha-2 code in capitals."))
            .enum_values(Some(Self::all().map(|country| country.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Country {}
