//! The formats of an export.

use super::columns::Formulas;
use crate::resources::tweets::Fields;

/// What an export looks like.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The format.
    pub(crate) format: Format,
    /// The fields, or columns.
    pub(crate) fields: Fields,
    /// What becomes of formulas in a CSV.
    pub(crate) formulas: Formulas,
}

/// How an export writes posts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values as in RFC 4180, with a header row.
    Csv,
    /// The same, with nothing but the posts' ids and when those that are gone were removed.
    Ids,
}

impl Format {
    /// The media type. [`super::payload::PayloadSize`] depends on it.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv | Self::Ids => "text/csv; charset=utf-8",
        }
    }

    /// The value of the parameter `format`.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Ids => "ids",
        }
    }
}
