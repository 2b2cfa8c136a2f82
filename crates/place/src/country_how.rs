//! What in a location told its country.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What in a location told its country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum CountryHow {
    /// A flag: `Kaunas 🇱🇹`.
    Flag,
    /// A country's name or code: `Vilnius, Lithuania`, `Milan, IT`.
    Country,
    /// A region's name or code alone: `Toscana`, `TX`.
    Region,
    /// A region, and a city or another part beside it: `Portland, OR`, `Rajkot, Gujarat`.
    CityAndRegion,
    /// Cities alone: `Roma`.
    City,
    /// Geographic coordinates: `41.39, 2.17`.
    Coordinates,
}

/// The text is not the name of a [`CountryHow`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of flag, country, region, cityAndRegion, city, coordinates")]
pub struct InvalidCountryHow(String);

impl CountryHow {
    /// All of them, in the order in which they decide.
    pub const ALL: [Self; 6] =
        [Self::Flag, Self::Country, Self::Region, Self::CityAndRegion, Self::City, Self::Coordinates];

    /// The name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Country => "country",
            Self::Region => "region",
            Self::CityAndRegion => "cityAndRegion",
            Self::City => "city",
            Self::Coordinates => "coordinates",
        }
    }
}

impl fmt::Display for CountryHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CountryHow {
    type Err = InvalidCountryHow;

    fn from_str(name: &str) -> Result<Self, InvalidCountryHow> {
        Self::ALL
            .into_iter()
            .find(|how| how.as_str() == name)
            .ok_or_else(|| InvalidCountryHow(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_again_and_is_the_one_in_json() {
        for how in CountryHow::ALL {
            assert_eq!(how.as_str().parse(), Ok(how));
            assert_eq!(format!("{how:?}").to_lowercase(), how.as_str().to_lowercase());
        }
        assert_eq!("town".parse::<CountryHow>(), Err(InvalidCountryHow("town".into())));
    }
}
