//! What X recognises in a text.

use std::borrow::Cow;

use serde::Deserialize;

use crate::lenient;

/// What X recognises in a text. Positions count the text's code points from 0, as X sends it (`&` as `&amp;`); an end is the
/// position after the last one. (Seen in public samples: neither UTF-16 units nor unescaped text agree with them.)
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Entities<'a> {
    /// Links.
    #[serde(deserialize_with = "lenient::objects")]
    pub urls: Vec<Link<'a>>,
    /// Hashtags.
    #[serde(deserialize_with = "lenient::objects")]
    pub hashtags: Vec<Tag<'a>>,
    /// Cashtags.
    #[serde(deserialize_with = "lenient::objects")]
    pub cashtags: Vec<Tag<'a>>,
    /// Mentioned users.
    #[serde(deserialize_with = "lenient::objects")]
    pub mentions: Vec<Mention<'a>>,
}

/// A link.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Link<'a> {
    /// Where it begins.
    #[serde(deserialize_with = "lenient::count")]
    pub start: Option<u64>,
    /// Where it ends.
    #[serde(deserialize_with = "lenient::count")]
    pub end: Option<u64>,
    /// The address that stands in the text, which X has shortened.
    #[serde(deserialize_with = "lenient::text")]
    pub url: Option<Cow<'a, str>>,
    /// The address that its author gave.
    #[serde(deserialize_with = "lenient::text")]
    pub expanded_url: Option<Cow<'a, str>>,
    /// The address as X shows it.
    #[serde(deserialize_with = "lenient::text")]
    pub display_url: Option<Cow<'a, str>>,
    /// The address to which all redirections lead.
    #[serde(deserialize_with = "lenient::text")]
    pub unwound_url: Option<Cow<'a, str>>,
    /// The title of the page.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<Cow<'a, str>>,
}

/// A hashtag or a cashtag.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Tag<'a> {
    /// Where its `#` or `$` stands.
    #[serde(deserialize_with = "lenient::count")]
    pub start: Option<u64>,
    /// Where it ends.
    #[serde(deserialize_with = "lenient::count")]
    pub end: Option<u64>,
    /// The tag, without `#` or `$`.
    #[serde(deserialize_with = "lenient::text")]
    pub tag: Option<Cow<'a, str>>,
}

/// A user who is mentioned.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Mention<'a> {
    /// Where the `@` stands.
    #[serde(deserialize_with = "lenient::count")]
    pub start: Option<u64>,
    /// Where it ends.
    #[serde(deserialize_with = "lenient::count")]
    pub end: Option<u64>,
    /// Their handle, without `@`.
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<Cow<'a, str>>,
    /// Their id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<Cow<'a, str>>,
}
