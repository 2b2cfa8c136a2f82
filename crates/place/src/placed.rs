//! A country, and how it was found in a location.

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::country_how::CountryHow;
use crate::language::Language;
use crate::layers::coordinates::country_at;
use crate::layers::flag::{Flags, flags};
use crate::layers::named::country_named;
use crate::mention::Mentions;
use crate::text::Text;

/// The country that a location clearly names, if it does. `language` is that of the post or of its author, as a BCP 47 tag
/// (`pt-BR`); it decides between places of one name.
///
/// Two countries are none. A location of more than 512 bytes, 64 words or 24 names is none. It takes no memory from the heap.
#[must_use]
pub fn place(location: &str, language: Option<&str>) -> Option<Placed> {
    let text = Text::read(location)?;
    let named = || country_named(&Mentions::find(&text)?, Language::of(language));
    match flags(location) {
        Flags::Several => None,
        // The country of birth and the one of living are two countries.
        Flags::One(flag) => {
            let agrees =
                named().is_none_or(|named| named.country == flag || named.country.sovereign() == Some(flag));
            agrees.then_some(Placed { country: flag, how: CountryHow::Flag, sure: Certainty::Certain })
        }
        Flags::None => named().or_else(|| {
            country_at(location).map(|country| Placed {
                country,
                how: CountryHow::Coordinates,
                sure: Certainty::Certain,
            })
        }),
    }
}

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
