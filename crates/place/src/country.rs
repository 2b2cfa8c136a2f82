//! A country, by its ISO 3166-1 alpha-2 code.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A country, by its ISO 3166-1 alpha-2 code in capitals (`LT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country(celes::Country);

/// The text is not the code of a country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 3166-1 alpha-2 code")]
pub struct InvalidCountry(String);

impl Country {
    /// All countries, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut countries = celes::Country::get_countries();
        countries.sort_unstable_by_key(|country| country.alpha2);
        countries.into_iter().map(Self)
    }

    /// The country with this code, in either case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        if code.len() != 2 {
            return None;
        }
        celes::Country::from_alpha2(code.to_ascii_uppercase()).ok().map(Self)
    }

    /// The country with this English name, given in lower case.
    pub(crate) fn from_english_name(name: &str) -> Option<Self> {
        let mut countries = celes::Country::get_countries().into_iter();
        countries.find(|country| country.long_name.to_lowercase() == name).map(Self)
    }

    /// The code, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.0.alpha2
    }
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
