//! How the country of a post is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the country of a post is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum CountrySource {
    /// The author tagged the post with a place.
    Place,
    /// The location in the author's profile names a country: where they say they live, which need not be where they
    /// wrote the post.
    Profile,
}

impl fmt::Display for CountrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Place => "place",
            Self::Profile => "profile",
        })
    }
}

impl CountrySource {
    /// The source with this name, as in JSON.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "place" => Some(Self::Place),
            "profile" => Some(Self::Profile),
            _ => None,
        }
    }
}
