//! A field of a post as a cell of a table: what an export as CSV writes.

use place::{Country, CountryHow, CountrySource};
use utc_time::UtcTime;

use super::entities::{Link, Mention, Tag};
use super::id::PostId;
use super::media::Media;
use super::raw::Raw;
use super::reference::Reference;

/// A field of a post that can be written into a cell.
pub trait Cell {
    /// The text of the cell: empty for an absent value, several values with spaces between them.
    fn cell(&self) -> String;

    /// Whether there is no value.
    fn is_absent(&self) -> bool {
        false
    }
}

macro_rules! displayed {
    ($($type:ty)*) => { $(impl Cell for $type {
        fn cell(&self) -> String {
            self.to_string()
        }
    })* };
}

displayed!(PostId UtcTime String Country CountryHow CountrySource u64 bool);

impl<T: Cell> Cell for Option<T> {
    fn cell(&self) -> String {
        self.as_ref().map(T::cell).unwrap_or_default()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Cell> Cell for Vec<T> {
    fn cell(&self) -> String {
        self.iter().map(T::cell).collect::<Vec<_>>().join(" ")
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Cell for Reference {
    /// `quoted:1440716895355764743`.
    fn cell(&self) -> String {
        format!("{}:{}", self.kind, self.tweet_id)
    }
}

impl Cell for Link {
    /// The address that the author gave, if it is known.
    fn cell(&self) -> String {
        self.expanded_url.as_ref().unwrap_or(&self.url).clone()
    }
}

impl Cell for Tag {
    fn cell(&self) -> String {
        self.tag.clone()
    }
}

impl Cell for Mention {
    fn cell(&self) -> String {
        self.username.clone()
    }
}

impl Cell for Media {
    /// The address.
    fn cell(&self) -> String {
        self.url.clone()
    }
}

impl Cell for Raw {
    /// The JSON.
    fn cell(&self) -> String {
        self.as_str().to_owned()
    }
}
