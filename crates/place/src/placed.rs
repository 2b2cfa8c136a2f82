//! A country, and how it was found in a location.

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::country_how::CountryHow;

/// The country that a location names, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The country.
    pub country: Country,
    /// What in the location told it.
    pub how: CountryHow,
    /// Whether the location leaves a choice.
    pub sure: Certainty,
}

/// Whether a location leaves a choice of countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Certainty {
    /// Everything that was recognised lies in one country.
    Certain,
    /// There are namesakes elsewhere, or words around it that were not understood; the greater place or the language decided.
    Likely,
}
