//! Writing posts in the format of an export.

use posts::tweets::Found;

use super::error::ExportError;
use super::format::{Format, Shape};

/// The columns of an export of ids.
const ID_COLUMNS: [&str; 2] = ["tweetId", "removedAt"];

/// Writes posts into memory.
pub(super) enum Writer {
    Jsonl(Vec<u8>),
    Csv(Rows),
    Ids(Rows),
}

/// The rows of a CSV.
pub(super) struct Rows(Box<csv::Writer<Vec<u8>>>);

impl Writer {
    /// A writer of the beginning of an answer: a CSV has its header row.
    pub(super) fn new(shape: &Shape) -> Result<Self, ExportError> {
        let mut writer = Self::continued(shape.format);
        match &mut writer {
            Self::Jsonl(_) => {}
            Self::Csv(rows) => rows.push(shape.fields.names())?,
            Self::Ids(rows) => rows.push(ID_COLUMNS)?,
        }
        Ok(writer)
    }

    /// A writer of a later part of an answer.
    pub(super) fn continued(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl(Vec::new()),
            Format::Csv => Self::Csv(Rows::new()),
            Format::Ids => Self::Ids(Rows::new()),
        }
    }

    /// Writes a post. Of one that was removed, only an export of ids tells.
    pub(super) fn push(&mut self, found: &Found, shape: &Shape) -> Result<(), ExportError> {
        match (self, found) {
            (Self::Jsonl(lines), Found::Stored(stored)) => {
                serde_json::to_writer(&mut *lines, &shape.fields.of(stored))?;
                lines.push(b'\n');
                Ok(())
            }
            (Self::Csv(rows), Found::Stored(stored)) => {
                let cells = shape.fields.row(stored).map(|cell| shape.formulas.cell(cell));
                rows.push(cells.map(|cell| cell.into_owned()))
            }
            (Self::Ids(rows), Found::Stored(stored)) => rows.push([stored.post.tweet_id.as_str(), ""]),
            (Self::Ids(rows), Found::Removed(removed)) => {
                rows.push([removed.tweet_id.as_str(), &removed.removed_at.to_string()])
            }
            (Self::Jsonl(_) | Self::Csv(_), Found::Removed(_)) => Ok(()),
        }
    }

    /// All that has been written.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Jsonl(lines) => lines,
            Self::Csv(Rows(csv)) | Self::Ids(Rows(csv)) => csv.get_ref(),
        }
    }

    /// All that has been written, without a copy.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Jsonl(lines) => Ok(lines),
            Self::Csv(Rows(csv)) | Self::Ids(Rows(csv)) => {
                Ok(csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))?)
            }
        }
    }
}

impl Rows {
    fn new() -> Self {
        let mut builder = csv::WriterBuilder::new();
        Self(Box::new(builder.terminator(csv::Terminator::CRLF).from_writer(Vec::new())))
    }

    fn push<C: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = C>) -> Result<(), ExportError> {
        self.0.write_record(cells)?;
        self.0.flush().map_err(csv::Error::from)?;
        Ok(())
    }
}
