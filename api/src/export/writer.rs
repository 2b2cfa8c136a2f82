//! Writing posts in the format of an export.

use posts::tweets::StoredPost;

use super::error::ExportError;
use super::format::{Format, Shape};

/// Writes posts into memory.
pub(super) enum Writer {
    Jsonl(Vec<u8>),
    Csv(Box<csv::Writer<Vec<u8>>>),
}

impl Writer {
    /// A writer of the beginning of an answer: a CSV has its header row.
    pub(super) fn new(shape: &Shape) -> Result<Self, ExportError> {
        let mut writer = Self::continued(shape.format);
        if let Self::Csv(csv) = &mut writer {
            csv.write_record(shape.fields.names())?;
            csv.flush().map_err(csv::Error::from)?;
        }
        Ok(writer)
    }

    /// A writer of a later part of an answer.
    pub(super) fn continued(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl(Vec::new()),
            Format::Csv => {
                let mut builder = csv::WriterBuilder::new();
                Self::Csv(Box::new(builder.terminator(csv::Terminator::CRLF).from_writer(Vec::new())))
            }
        }
    }

    /// Writes a post.
    pub(super) fn push(&mut self, post: &StoredPost, shape: &Shape) -> Result<(), ExportError> {
        match self {
            Self::Jsonl(lines) => {
                serde_json::to_writer(&mut *lines, &shape.fields.of(post))?;
                lines.push(b'\n');
            }
            Self::Csv(csv) => {
                let cells = shape.fields.row(post).map(|cell| shape.formulas.cell(cell));
                csv.write_record(cells.map(|cell| cell.into_owned()))?;
                csv.flush().map_err(csv::Error::from)?;
            }
        }
        Ok(())
    }

    /// All that has been written.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Jsonl(lines) => lines,
            Self::Csv(csv) => csv.get_ref(),
        }
    }

    /// All that has been written, without a copy.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Jsonl(lines) => Ok(lines),
            Self::Csv(csv) => Ok(csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))?),
        }
    }
}
