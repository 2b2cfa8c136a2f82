//! How an export writes posts, and how much of an answer of Lambda's that takes.

use posts::tweets::StoredPost;

use super::{ExportError, Format};

impl Format {
    /// Its media type. [`Sent`] depends on it.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Posts as they are written, one after the other.
pub(super) enum Written {
    Jsonl(Vec<u8>),
    Csv(Box<csv::Writer<Vec<u8>>>),
}

impl Written {
    /// The beginning of an answer: a table has a head.
    pub(super) fn new(format: Format) -> Result<Self, ExportError> {
        let mut written = Self::going_on(format);
        if let Self::Csv(table) = &mut written {
            table.write_record(COLUMNS.map(|(name, _)| name))?;
            table.flush().map_err(csv::Error::from)?;
        }
        Ok(written)
    }

    /// A later part of an answer.
    pub(super) fn going_on(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl(Vec::new()),
            Format::Csv => {
                let mut builder = csv::WriterBuilder::new();
                Self::Csv(Box::new(builder.terminator(csv::Terminator::CRLF).from_writer(Vec::new())))
            }
        }
    }

    /// Writes a post.
    pub(super) fn push(&mut self, post: &StoredPost) -> Result<(), ExportError> {
        match self {
            Self::Jsonl(lines) => {
                serde_json::to_writer(&mut *lines, post)?;
                lines.push(b'\n');
            }
            Self::Csv(table) => {
                table.write_record(COLUMNS.map(|(_, cell)| cell(post)))?;
                table.flush().map_err(csv::Error::from)?;
            }
        }
        Ok(())
    }

    /// All that has been written.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Jsonl(lines) => lines,
            Self::Csv(table) => table.get_ref(),
        }
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Jsonl(lines) => Ok(lines),
            Self::Csv(table) => {
                Ok(table.into_inner().map_err(|error| csv::Error::from(error.into_error()))?)
            }
        }
    }
}

/// How many bytes a body has as Lambda sends it. Its answer is JSON, into which `lambda_http` writes a body as a
/// text, or by base64 if the media type is not one of those that it takes for texts (its `response.rs`, version 1.3).
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    /// The bytes that are encoded by base64: three of them in four.
    Base64(usize),
    /// The bytes of a text in JSON.
    Text(usize),
}

impl Sent {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Base64(0),
            Format::Csv => Self::Text(0),
        }
    }

    /// Adds a part of the body.
    pub(super) fn add(&mut self, part: &[u8]) {
        match self {
            Self::Base64(bytes) => *bytes += part.len(),
            Self::Text(bytes) => *bytes += part.iter().map(|byte| escaped(*byte)).sum::<usize>(),
        }
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Base64(bytes) => bytes.div_ceil(3) * 4,
            Self::Text(bytes) => bytes,
        }
    }
}

/// How many bytes serde_json writes for a byte of a text.
fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 2,
        0x00..=0x1f => 6,
        _ => 1,
    }
}

/// A column's name, and what stands in it.
type Column = (&'static str, fn(&StoredPost) -> String);

/// The columns of a table: their names are those of the fields in JSON.
const COLUMNS: [Column; 14] = [
    ("tweetId", |stored| stored.post.tweet_id.to_string()),
    ("createDate", |stored| stored.post.create_date.to_string()),
    ("keyword", |stored| stored.keyword.to_string()),
    ("text", |stored| stored.post.text.clone()),
    ("authorId", |stored| text(&stored.post.author_id)),
    ("authorName", |stored| text(&stored.post.author_name)),
    ("authorUsername", |stored| text(&stored.post.author_username)),
    ("country", |stored| text(&stored.post.country)),
    ("countrySource", |stored| text(&stored.post.country_source)),
    ("language", |stored| text(&stored.post.language)),
    ("conversationId", |stored| text(&stored.post.conversation_id)),
    ("references", |stored| {
        let references = stored.post.references.iter();
        let written = references.map(|reference| format!("{}:{}", reference.kind, reference.tweet_id));
        written.collect::<Vec<_>>().join(" ")
    }),
    ("editOf", |stored| text(&stored.post.edit_of)),
    ("editedAt", |stored| text(&stored.post.edited_at)),
];

fn text(value: &Option<impl ToString>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_measured_as_json_writes_it() {
        let all: String = (0..0x250).filter_map(char::from_u32).collect();
        let mut sent = Sent::new(Format::Csv);
        sent.add(all.as_bytes());
        assert_eq!(sent.bytes() + 2, serde_json::to_string(&all).unwrap().len());
    }
}
