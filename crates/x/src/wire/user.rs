//! Users.

use std::borrow::Cow;

use serde::Deserialize;

use crate::lenient;

/// An author.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct User<'a> {
    /// Their id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
    /// Their display name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    /// Their handle, without `@`.
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<Cow<'a, str>>,
    /// Where they say they are, in their own words.
    #[serde(deserialize_with = "lenient::text")]
    pub location: Option<Cow<'a, str>>,
    /// The address of their picture.
    #[serde(deserialize_with = "lenient::text")]
    pub profile_image_url: Option<Cow<'a, str>>,
    /// `blue`, `business`, `government` or `none`.
    #[serde(deserialize_with = "lenient::text")]
    pub verified_type: Option<Cow<'a, str>>,
    /// Counts of the user.
    #[serde(deserialize_with = "lenient::object")]
    pub public_metrics: Option<UserMetrics>,
}

/// Counts of a user.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserMetrics {
    /// How many users follow them.
    #[serde(deserialize_with = "lenient::count")]
    pub followers_count: Option<u64>,
}
