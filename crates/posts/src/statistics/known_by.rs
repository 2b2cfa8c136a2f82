//! How the country of counted posts is known.

use place::{CountryHow, CountrySource};

use crate::Post;

/// How the country of a post is known: by its place, or by what the author's profile says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBy {
    /// The author tagged the post with a place.
    Place,
    /// The location in the author's profile told it, in this way.
    Profile(CountryHow),
}

impl KnownBy {
    /// All ways.
    pub const ALL: [Self; 7] = [
        Self::Place,
        Self::Profile(CountryHow::Flag),
        Self::Profile(CountryHow::Country),
        Self::Profile(CountryHow::Region),
        Self::Profile(CountryHow::CityAndRegion),
        Self::Profile(CountryHow::City),
        Self::Profile(CountryHow::Coordinates),
    ];

    /// How the country of a post is known; `None` if it is unknown, or was stored before this was recorded.
    pub(crate) fn of(post: &Post) -> Option<Self> {
        Self::new(post.country_source?, post.country_how)
    }

    pub(crate) fn new(source: CountrySource, how: Option<CountryHow>) -> Option<Self> {
        match source {
            CountrySource::Place => Some(Self::Place),
            CountrySource::Profile => how.map(Self::Profile),
        }
    }
}
