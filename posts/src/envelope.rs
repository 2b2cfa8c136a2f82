//! What one message on TweetsFifoQueue holds.

use serde::{Deserialize, Serialize};

use crate::{Keyword, Post};

/// The version that this code writes.
pub const ENVELOPE_VERSION: u32 = 1;

/// How large a packed envelope may grow: one of the 64 KiB chunks by which SQS bills a request
/// (<https://aws.amazon.com/sqs/pricing/>). A single post that is larger travels alone.
pub const ENVELOPE_BYTES: usize = 64 * 1024;

/// The posts of one keyword, packed together: readable JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The layout's version.
    pub version: u32,
    /// The keyword under which they were collected.
    pub keyword: Keyword,
    /// The posts, in the order of their arrival.
    pub posts: Vec<Post>,
}

/// Why a message will never be an envelope, however often it is tried.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer version of this program.
    #[error("the envelope has version {found}, this program reads up to {ENVELOPE_VERSION}")]
    FutureVersion {
        /// The version it has.
        found: u32,
    },
    /// Not the JSON of an envelope. The reason names the place, never what stands there.
    #[error("not an envelope: {category} error at line {line}, column {column}")]
    Malformed {
        /// `syntax`, `data` or `eof`.
        category: &'static str,
        /// Where, counted from 1.
        line: usize,
        /// Where, counted from 1.
        column: usize,
    },
}

impl Envelope {
    /// An envelope of the present version.
    #[must_use]
    pub fn new(keyword: Keyword, posts: Vec<Post>) -> Self {
        Self { version: ENVELOPE_VERSION, keyword, posts }
    }

    /// Reads a message's body.
    ///
    /// # Errors
    /// [`DecodeError`], which no later try can mend.
    pub fn decode(body: &str) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let malformed = |error: serde_json::Error| DecodeError::Malformed {
            category: match error.classify() {
                serde_json::error::Category::Syntax => "syntax",
                serde_json::error::Category::Eof => "eof",
                _ => "data",
            },
            line: error.line(),
            column: error.column(),
        };
        let Version { version } = serde_json::from_str(body).map_err(malformed)?;
        if version > ENVELOPE_VERSION {
            return Err(DecodeError::FutureVersion { found: version });
        }
        serde_json::from_str(body).map_err(malformed)
    }

    /// Writes a message's body: JSON in the characters that SQS takes.
    ///
    /// # Errors
    /// None that this type can cause; serde's signature has one.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        // JSON may hold these two as they are, SQS refuses them:
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
        if body.contains(['\u{fffe}', '\u{ffff}']) {
            return Ok(body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"));
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_will_never_parse_says_why_and_quotes_nothing() {
        for (body, expected) in [
            ("", "not an envelope: eof error at line 1, column 0"),
            (r#"{"version":1,"keyword":"secret""#, "not an envelope: eof error at line 1, column 31"),
            (r#"{"version":2,"posts":"secret"}"#, "the envelope has version 2, this program reads up to 1"),
            (
                r#"{"version":1,"keyword":"k","posts":[{"text":"secret"}]}"#,
                "not an envelope: data error at line 1, column 53",
            ),
        ] {
            assert_eq!(Envelope::decode(body).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn characters_that_sqs_refuses_travel_escaped() {
        let post = serde_json::json!({"tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": "\u{fffe}\u{0}\u{ffff}🦀"});
        let envelope = Envelope::new("k".parse().unwrap(), vec![serde_json::from_value(post).unwrap()]);
        let body = envelope.encode().unwrap();
        assert!(!body.contains(['\u{fffe}', '\u{0}', '\u{ffff}']));
        assert_eq!(Envelope::decode(&body).unwrap(), envelope);
    }

    #[test]
    fn fields_that_a_newer_program_adds_do_no_harm() {
        let envelope = Envelope::decode(r#"{"version":1,"keyword":"k","posts":[],"new":1}"#).unwrap();
        assert_eq!(envelope, Envelope::new("k".parse().unwrap(), vec![]));
        assert_eq!(envelope.encode().unwrap(), r#"{"version":1,"keyword":"k","posts":[]}"#);
    }
}
