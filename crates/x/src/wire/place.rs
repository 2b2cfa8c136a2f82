//! Places with which posts are tagged.

use std::borrow::Cow;

use serde::Deserialize;

use crate::lenient;

/// A place.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Place<'a> {
    /// Its id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// Its name, with that of what it is a part of.
    #[serde(deserialize_with = "lenient::text")]
    pub full_name: Option<Cow<'a, str>>,
    /// The ISO 3166-1 alpha-2 code of its country.
    #[serde(deserialize_with = "lenient::text")]
    pub country_code: Option<Cow<'a, str>>,
}
