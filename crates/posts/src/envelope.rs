//! What one message on TweetsFifoQueue holds.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::keyword::InvalidKeyword;
use crate::label::hex_sha256;
use crate::{Keyword, Post, PostId};
use utc_time::UtcTime;

/// The version that this code writes.
pub const ENVELOPE_VERSION: u32 = 1;

/// How large a packed envelope may grow: one of the 64 KiB chunks by which SQS bills a request
/// (<https://aws.amazon.com/sqs/pricing/>). A single post that is larger travels alone.
pub const ENVELOPE_BYTES: usize = 64 * 1024;

/// The largest post, in bytes of its JSON. DynamoDB takes items of 400 KB; X's longest post is
/// 25,000 characters, at most 100 KB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub const POST_BYTES: usize = 256 * 1024;

/// The posts of one keyword, packed together: readable JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The keyword under which they were collected.
    pub keyword: Keyword,
    /// The posts, in the order of their arrival.
    pub posts: Vec<Post>,
    /// Posts that their authors have taken back since; later than all of `posts`.
    pub removed: Vec<PostId>,
    /// What stands among the posts and can never be stored.
    pub unusable: Vec<Unusable>,
}

/// Something that stands among the posts of an envelope and can never be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Unusable {
    /// An envelope of the same keyword that holds nothing else.
    pub body: String,
    /// Why. It names what is wrong, never what a person wrote.
    pub reason: String,
}

impl fmt::Debug for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unusable").field("reason", &self.reason).finish_non_exhaustive()
    }
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
    /// Not JSON. The reason names the place, never what stands there; lines and columns count from 1.
    #[error("the message is not JSON: it cannot be read from line {line}, column {column} on")]
    NotJson {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// JSON that breaks off.
    #[error("the message breaks off: its JSON is not complete at its end, line {line}, column {column}")]
    BrokenOff {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// JSON of something else.
    #[error("not an envelope: {0}")]
    NotAnEnvelope(&'static str),
    /// Its keyword cannot be one.
    #[error("the envelope's keyword cannot be used: {0}")]
    Keyword(#[from] InvalidKeyword),
}

impl Envelope {
    /// Reads a message's body. What is wrong with one post harms no other.
    ///
    /// # Errors
    /// [`DecodeError`], which no later try can mend.
    pub fn decode(body: &str) -> Result<Self, DecodeError> {
        let (keyword, posts, removed) = pieces(body)?;
        let keyword = Keyword::try_from(keyword)?;
        let mut envelope = Self { keyword, posts: Vec::new(), removed: Vec::new(), unusable: Vec::new() };
        for piece in posts {
            match read_post(piece.get()) {
                Ok(post) => envelope.posts.push(post),
                Err(reason) => envelope.cannot_use("posts", piece, reason),
            }
        }
        for piece in removed {
            match serde_json::from_str(piece.get()) {
                Ok(id) => envelope.removed.push(id),
                Err(_) => {
                    envelope.cannot_use("removed", piece, "a removed post without a valid id".to_owned())
                }
            }
        }
        Ok(envelope)
    }

    fn cannot_use(&mut self, among: &str, piece: &RawValue, reason: String) {
        let keyword = serde_json::Value::from(self.keyword.as_str());
        let posts = if among == "posts" { "" } else { r#""posts":[],"# };
        let body = format!(
            r#"{{"version":{ENVELOPE_VERSION},"keyword":{keyword},{posts}"{among}":[{piece}]}}"#,
            piece = piece.get()
        );
        self.unusable.push(Unusable { body: sqs_characters(body), reason });
    }
}

/// The keyword, the posts and the removed posts of an envelope, as they stand in it.
fn pieces(body: &str) -> Result<(String, Vec<&RawValue>, Vec<&RawValue>), DecodeError> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        version: Option<&'a RawValue>,
        #[serde(borrow)]
        keyword: Option<&'a RawValue>,
        #[serde(borrow)]
        posts: Option<&'a RawValue>,
        #[serde(borrow)]
        removed: Option<&'a RawValue>,
    }
    fn read<'a, T: Deserialize<'a>>(
        field: Option<&'a RawValue>,
        expected: &'static str,
    ) -> Result<T, DecodeError> {
        let read = field.and_then(|field| serde_json::from_str(field.get()).ok());
        read.ok_or(DecodeError::NotAnEnvelope(expected))
    }
    let fields: &RawValue = serde_json::from_str(body).map_err(|error| {
        let (line, column) = (error.line(), error.column().max(1));
        if error.is_eof() {
            DecodeError::BrokenOff { line, column }
        } else {
            DecodeError::NotJson { line, column }
        }
    })?;
    // serde would also take a list for the fields, one after the other.
    if !fields.get().starts_with('{') {
        return Err(DecodeError::NotAnEnvelope("it must be a JSON object with version, keyword and posts"));
    }
    let fields: Fields<'_> = serde_json::from_str(fields.get())
        .map_err(|_| DecodeError::NotAnEnvelope("a field stands in it twice"))?;
    let version: u32 = read(fields.version, "its version must be there, and a whole number")?;
    if version > ENVELOPE_VERSION {
        return Err(DecodeError::FutureVersion { found: version });
    }
    let keyword = read(fields.keyword, "its keyword must be there, and a text")?;
    let posts = read(fields.posts, "its posts must be there, and a list")?;
    let removed = match fields.removed {
        None => Vec::new(),
        removed => read(removed, "removed must be a list")?,
    };
    Ok((keyword, posts, removed))
}

fn read_post(json: &str) -> Result<Post, String> {
    if json.len() > POST_BYTES {
        return Err(format!("a post of {} bytes, at most {POST_BYTES} can be stored", json.len()));
    }
    serde_json::from_str(json).map_err(|_| {
        // serde would quote what stands there.
        let fields: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let is = |field: &str, fits: fn(&str) -> bool| fields[field].as_str().is_some_and(fits);
        let why = if !fields.is_object() {
            "a post that is no JSON object"
        } else if !is("tweetId", |text| text.parse::<PostId>().is_ok()) {
            "a post without a valid tweetId"
        } else if !is("createDate", |text| text.parse::<UtcTime>().is_ok()) {
            "a post whose createDate is no date"
        } else if !is("text", |_| true) {
            "a post without a text"
        } else {
            "a post with a field of another type than documented"
        };
        why.to_owned()
    })
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
            ("", "the message breaks off: its JSON is not complete at its end, line 1, column 1"),
            (
                r#"{"version":1,"keyword":"secret""#,
                "the message breaks off: its JSON is not complete at its end, line 1, column 31",
            ),
            ("secret", "the message is not JSON: it cannot be read from line 1, column 1 on"),
            (
                r#"{"version":1,"keyword":"secret"} secret"#,
                "the message is not JSON: it cannot be read from line 1, column 34 on",
            ),
            (
                r#"[1,"secret",[]]"#,
                "not an envelope: it must be a JSON object with version, keyword and posts",
            ),
            ("7", "not an envelope: it must be a JSON object with version, keyword and posts"),
            ("{}", "not an envelope: its version must be there, and a whole number"),
            (r#"{"version":"secret"}"#, "not an envelope: its version must be there, and a whole number"),
            (r#"{"version":1,"version":1}"#, "not an envelope: a field stands in it twice"),
            (r#"{"version":2,"posts":"secret"}"#, "the envelope has version 2, this program reads up to 1"),
            (r#"{"version":1,"posts":[]}"#, "not an envelope: its keyword must be there, and a text"),
            (
                r#"{"version":1,"keyword":"k","posts":"secret"}"#,
                "not an envelope: its posts must be there, and a list",
            ),
            (
                r#"{"version":1,"keyword":"k","posts":[],"removed":"secret"}"#,
                "not an envelope: removed must be a list",
            ),
            (
                &format!(r#"{{"version":1,"keyword":"{}","posts":[]}}"#, "k".repeat(2048)),
                "the envelope's keyword cannot be used: a keyword may be at most 512 bytes of UTF-8 long, this one is 2048",
            ),
        ] {
            assert_eq!(Envelope::decode(body).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn one_post_that_cannot_be_stored_harms_no_other_and_says_why() {
        let good = r#"{"tweetId":"1","createDate":"2026-11-23T10:00:00Z","text":"t"}"#;
        let large = good.replace(r#":"t""#, &format!(r#":"{}""#, "t".repeat(POST_BYTES)));
        for (bad, reason) in [
            ("7", "a post that is no JSON object"),
            (r#"{"createDate":"2026-11-23T10:00:00Z","text":"secret"}"#, "a post without a valid tweetId"),
            (&good.replace("2026-11-23", "yesterday"), "a post whose createDate is no date"),
            (&good.replace(r#""t""#, "null"), "a post without a text"),
            (
                &good.replace('}', r#","country":"secret"}"#),
                "a post with a field of another type than documented",
            ),
            (&large, "a post of 262205 bytes, at most 262144 can be stored"),
        ] {
            let body = format!(r#"{{"version":1,"keyword":"k \"","posts":[{bad},{good}]}}"#);
            let read = Envelope::decode(&body).unwrap();
            assert_eq!(read.posts.len(), 1);
            assert_eq!(
                read.unusable.iter().map(|unusable| unusable.reason.as_str()).collect::<Vec<_>>(),
                [reason]
            );
            let again = Envelope::decode(&read.unusable[0].body).unwrap();
            assert_eq!(
                (again.keyword, again.posts.len(), &again.unusable),
                (read.keyword, 0, &read.unusable)
            );
        }
        let read =
            Envelope::decode(r#"{"version":1,"keyword":"k","posts":[],"removed":["1","no id"]}"#).unwrap();
        assert_eq!((read.removed.len(), read.unusable.len()), (1, 1));
        assert_eq!(Envelope::decode(&read.unusable[0].body).unwrap().unusable, read.unusable);
    }

    fn envelope(keyword: &str, posts: &[Post]) -> Envelope {
        let keyword = keyword.parse().unwrap();
        Envelope { keyword, posts: posts.to_vec(), removed: Vec::new(), unusable: Vec::new() }
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
        assert_eq!(Envelope::decode(&body).unwrap(), envelope("\u{ffff}k\"", &posts));
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
        let read = Envelope::decode(r#"{"version":1,"keyword":"k","posts":[],"new":1}"#).unwrap();
        assert_eq!(read, envelope("k", &[]));
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
