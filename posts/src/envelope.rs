//! What one message on TweetsFifoQueue holds.

use serde::{Deserialize, Serialize};

use crate::label::hex_sha256;
use crate::{Keyword, Post, PostId, UtcTime};

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
    /// Posts that their authors have taken back since; later than all of `posts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<PostId>,
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
        Self { version: ENVELOPE_VERSION, keyword, posts, removed: Vec::new() }
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
}

/// An envelope on its way: its JSON grows post by post, so that each is written once.
///
/// The body it makes is what [`Envelope::decode`] reads, in the characters that SQS takes.
#[derive(Clone, Debug)]
pub struct Parcel {
    keyword: Keyword,
    body: String,
    posts: usize,
    /// The ids of removed posts, as they stand in the body.
    removed: String,
    /// The keyword, the ids and the versions, which make two parcels the same.
    contents: String,
}

impl Parcel {
    /// What stands around the removed posts, if there are any, and at the end.
    const REMOVED: &str = r#"],"removed":["#;
    const END: &str = "]}";

    /// An empty parcel.
    ///
    /// # Errors
    /// None that a keyword can cause; serde's signature has one.
    pub fn new(keyword: Keyword) -> Result<Self, serde_json::Error> {
        let body = format!(
            r#"{{"version":{ENVELOPE_VERSION},"keyword":{},"posts":["#,
            sqs_characters(serde_json::to_string(&keyword)?)
        );
        Ok(Self { contents: format!("{keyword}\n"), keyword, body, posts: 0, removed: String::new() })
    }

    /// A post as it stands in a parcel.
    ///
    /// # Errors
    /// None that a post can cause; serde's signature has one.
    pub fn written(post: &Post) -> Result<String, serde_json::Error> {
        Ok(sqs_characters(serde_json::to_string(post)?))
    }

    /// Adds a post, as [`Parcel::written`] wrote it.
    pub fn add(&mut self, id: &PostId, edited_at: Option<UtcTime>, written: &str) {
        if self.posts > 0 {
            self.body.push(',');
        }
        self.body.push_str(written);
        self.contents.push_str(id.as_str());
        if let Some(edited_at) = edited_at {
            self.contents.push_str(&edited_at.to_string());
        }
        self.contents.push('\n');
        self.posts += 1;
    }

    /// Takes a post back, after all that have been added. Nothing can be added after this.
    pub fn remove(&mut self, id: &PostId) {
        if !self.removed.is_empty() {
            self.removed.push(',');
        }
        self.removed.push('"');
        // An id holds nothing that JSON escapes.
        self.removed.push_str(id.as_str());
        self.removed.push('"');
        self.contents.push('-');
        self.contents.push_str(id.as_str());
        self.contents.push('\n');
    }

    /// Whether posts have been taken back.
    #[must_use]
    pub fn has_removed(&self) -> bool {
        !self.removed.is_empty()
    }

    /// How many bytes the body has, once `more` bytes are added to it.
    #[must_use]
    pub fn bytes_with(&self, more: usize) -> usize {
        self.body.len() + Self::REMOVED.len() + self.removed.len() + 1 + more + Self::END.len()
    }

    /// The keyword under which its posts were collected.
    #[must_use]
    pub fn keyword(&self) -> &Keyword {
        &self.keyword
    }

    /// The message's body.
    #[must_use]
    pub fn body(&self) -> String {
        let mut body = String::with_capacity(self.bytes_with(0));
        body.push_str(&self.body);
        if self.has_removed() {
            body.push_str(Self::REMOVED);
            body.push_str(&self.removed);
        }
        body.push_str(Self::END);
        body
    }

    /// The same for the same posts under the same keyword, whenever and by whomever they are sent: 64
    /// characters.
    pub(crate) fn deduplication_id(&self) -> String {
        hex_sha256([self.contents.as_bytes()])
    }
}

/// JSON may hold these two as they are, SQS refuses them:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn sqs_characters(json: String) -> String {
    if json.contains(['\u{fffe}', '\u{ffff}']) {
        return json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    json
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

    fn post(id: &str, text: &str) -> Post {
        let post = serde_json::json!({ "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": text });
        serde_json::from_value(post).unwrap()
    }

    fn parcel(keyword: &str, posts: &[Post]) -> Parcel {
        let mut parcel = Parcel::new(keyword.parse().unwrap()).unwrap();
        for post in posts {
            parcel.add(&post.tweet_id, post.edited_at, &Parcel::written(post).unwrap());
        }
        parcel
    }

    #[test]
    fn characters_that_sqs_refuses_travel_escaped() {
        let posts = [post("1", "\u{fffe}\u{0}\u{ffff}🦀"), post("2", "\"")];
        let body = parcel("\u{ffff}k\"", &posts).body();
        assert!(!body.contains(['\u{fffe}', '\u{0}', '\u{ffff}']));
        let envelope = Envelope::new("\u{ffff}k\"".parse().unwrap(), posts.to_vec());
        assert_eq!(Envelope::decode(&body).unwrap(), envelope);
        let bytes = parcel("\u{ffff}k\"", &posts[..1]).bytes_with(Parcel::written(&posts[1]).unwrap().len());
        assert!((body.len()..body.len() + 32).contains(&bytes));
    }

    #[test]
    fn what_is_taken_back_comes_after_the_posts() {
        let mut parcel = parcel("k", &[post("1", "")]);
        let before = parcel.deduplication_id();
        parcel.remove(&"host:2".parse().unwrap());
        parcel.remove(&"1".parse().unwrap());
        let envelope = Envelope::decode(&parcel.body()).unwrap();
        assert_eq!((envelope.posts.len(), envelope.removed.len()), (1, 2));
        assert_eq!(envelope.removed[1].as_str(), "1");
        assert_ne!(before, parcel.deduplication_id());
        assert!(parcel.body().len() <= parcel.bytes_with(0));
    }

    #[test]
    fn fields_that_a_newer_program_adds_do_no_harm() {
        let envelope = Envelope::decode(r#"{"version":1,"keyword":"k","posts":[],"new":1}"#).unwrap();
        assert_eq!(envelope, Envelope::new("k".parse().unwrap(), vec![]));
        assert_eq!(parcel("k", &[]).body(), r#"{"version":1,"keyword":"k","posts":[]}"#);
    }

    #[test]
    fn deduplication_ids_depend_on_the_keyword_and_on_every_post() {
        let id = |keyword, ids: &[&str]| {
            let posts: Vec<Post> = ids.iter().map(|id| post(id, "")).collect();
            parcel(keyword, &posts).deduplication_id()
        };
        assert_eq!(id("rust", &["1", "2"]), id("rust", &["1", "2"]));
        for other in [id("go", &["1", "2"]), id("rust", &["12"]), id("rust", &["1"]), id("rust", &["2", "1"])]
        {
            assert_ne!(id("rust", &["1", "2"]), other);
        }
        assert!(id("rust", &["1"]).len() <= 128);
    }
}
