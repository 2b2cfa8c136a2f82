//! How large an answer is when Lambda sends it.

use super::format::Format;

/// How many bytes a body takes in Lambda's answer. That is JSON, into which `lambda_http` writes a body as a string, or in
/// base64 if it does not know the media type as a text's (its `response.rs`, version 1.3).
#[derive(Clone, Copy, Debug)]
pub(super) enum PayloadSize {
    /// The base64 of so many bytes.
    Base64(usize),
    /// A JSON string of so many bytes, escapes included.
    JsonString(usize),
}

impl PayloadSize {
    /// The size of an empty body.
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Base64(0),
            Format::Csv | Format::Ids => Self::JsonString(0),
        }
    }

    /// Adds a part of the body.
    pub(super) fn add(&mut self, part: &[u8]) {
        match self {
            Self::Base64(bytes) => *bytes += part.len(),
            Self::JsonString(bytes) => *bytes += part.iter().map(|byte| escaped(*byte)).sum::<usize>(),
        }
    }

    /// The size of the parts so far.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Base64(bytes) => bytes.div_ceil(3) * 4,
            Self::JsonString(bytes) => bytes,
        }
    }
}

/// How many bytes serde_json writes for a byte of a string.
fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 2,
        0x00..=0x1f => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_measured_as_serde_json_writes_it() {
        let all: String = (0..0x250).filter_map(char::from_u32).collect();
        let mut size = PayloadSize::new(Format::Csv);
        size.add(all.as_bytes());
        assert_eq!(size.bytes() + 2, serde_json::to_string(&all).unwrap().len());
    }
}
