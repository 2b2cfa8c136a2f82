//! The formats of an export.

/// How an export writes posts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values as in RFC 4180, with a header row.
    Csv,
}

impl Format {
    /// The media type. [`super::payload::PayloadSize`] depends on it.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The value of the parameter `format`.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}
