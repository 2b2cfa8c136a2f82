//! Photos and videos.

use std::borrow::Cow;

use serde::Deserialize;

use crate::lenient;

/// A photo, a video or an animated picture.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Media<'a> {
    /// Its key, by which posts refer to it.
    #[serde(deserialize_with = "lenient::id")]
    pub media_key: Option<Cow<'a, str>>,
    /// `photo`, `video` or `animated_gif`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    /// The address of a photo.
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<Cow<'a, str>>,
    /// The address of a still of a video or an animated picture.
    #[serde(deserialize_with = "lenient::text")]
    pub preview_image_url: Option<Cow<'a, str>>,
    /// What its author says it shows.
    #[serde(deserialize_with = "lenient::text")]
    pub alt_text: Option<Cow<'a, str>>,
    /// Its width, in pixels.
    #[serde(deserialize_with = "lenient::count")]
    pub width: Option<u64>,
    /// Its height, in pixels.
    #[serde(deserialize_with = "lenient::count")]
    pub height: Option<u64>,
    /// How long it plays, in milliseconds.
    #[serde(deserialize_with = "lenient::count")]
    pub duration_ms: Option<u64>,
    /// The files of a video or an animated picture.
    #[serde(deserialize_with = "lenient::objects")]
    pub variants: Vec<Variant<'a>>,
}

/// A file of a video or an animated picture.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Variant<'a> {
    /// Bits per second; playlists have none.
    #[serde(deserialize_with = "lenient::count")]
    pub bit_rate: Option<u64>,
    /// Its media type.
    #[serde(deserialize_with = "lenient::text")]
    pub content_type: Option<Cow<'a, str>>,
    /// Its address.
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<Cow<'a, str>>,
}
