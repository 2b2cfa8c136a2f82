//! Packing posts into an envelope.

use std::fmt;

use super::encoded_post::EncodedPost;
use super::escape::escape_for_sqs;
use super::limits::{ENVELOPE_BYTES, ENVELOPE_VERSION};
use crate::label::hex_sha256;
use crate::{Keyword, PostId, TraceId};
use utc_time::UtcTime;

/// An envelope that is being packed, post by post.
///
/// It has a trace id from the beginning, which stays the same however often it is sent. [`Parcel::body`] has characters that SQS accepts, and is what
/// [`Envelope::decode`](super::Envelope::decode) reads.
#[derive(Clone)]
pub struct Parcel {
    keyword: Keyword,
    trace_id: TraceId,
    /// The body up to the first post.
    head: String,
    posts: Vec<EncodedPost>,
    /// The size of the posts in the body, with the commas between them.
    posts_bytes: usize,
    /// The ids of removed posts, as they stand in the body.
    removed: String,
    /// The keyword, ids and edit times: two parcels with the same contents are the same message.
    contents: String,
}

impl fmt::Debug for Parcel {
    /// Leaves out what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("keyword", &self.keyword)
            .field("trace_id", &self.trace_id)
            .field("posts", &self.posts.len())
            .finish_non_exhaustive()
    }
}

impl Parcel {
    /// What follows the posts where posts were removed, and what ends the body.
    const REMOVED: &str = r#"],"removed":["#;
    const END: &str = "]}";

    /// An empty parcel, with a new trace id.
    #[must_use]
    pub fn new(keyword: Keyword) -> Self {
        let name = escape_for_sqs(serde_json::Value::from(keyword.as_str()).to_string());
        let head = format!(r#"{{"version":{ENVELOPE_VERSION},"keyword":{name},"posts":["#);
        let contents = format!("{keyword}\n");
        Self {
            keyword,
            trace_id: TraceId::new(UtcTime::now()),
            head,
            posts: Vec::new(),
            posts_bytes: 0,
            removed: String::new(),
            contents,
        }
    }

    /// Whether a post may be added: the message stays within [`ENVELOPE_BYTES`], and no post was removed yet.
    #[must_use]
    pub fn fits(&self, post: &EncodedPost) -> bool {
        self.removed.is_empty() && self.bytes_with(post.bytes()) <= ENVELOPE_BYTES
    }

    /// Whether a removal may be added: the message stays within [`ENVELOPE_BYTES`].
    #[must_use]
    pub fn fits_removal(&self, id: &PostId) -> bool {
        const QUOTES_AND_COMMA: usize = 3;
        self.bytes_with(id.as_str().len() + QUOTES_AND_COMMA) <= ENVELOPE_BYTES
    }

    /// Adds a post. An empty parcel takes one of any size.
    pub fn add(&mut self, post: &EncodedPost) {
        self.contents.push_str(post.id().as_str());
        if let Some(edited_at) = post.edited_at() {
            self.contents.push_str(&edited_at.to_string());
        }
        self.contents.push('\n');
        self.posts_bytes += usize::from(!self.posts.is_empty()) + post.bytes();
        self.posts.push(post.clone());
    }

    /// Adds the removal of a post, which takes effect after all posts of the parcel.
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

    /// The size of the message, at most, once `more` bytes are added: of its body and of the attribute that carries its trace id.
    fn bytes_with(&self, more: usize) -> usize {
        const COMMA: usize = 1;
        let removed = Self::REMOVED.len() + self.removed.len();
        let body = self.head.len() + self.posts_bytes + removed + COMMA + more + Self::END.len();
        body + TraceId::ATTRIBUTE_BYTES
    }

    /// The size of the message, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes_with(0)
    }

    /// The keyword under which its posts were collected.
    #[must_use]
    pub fn keyword(&self) -> &Keyword {
        &self.keyword
    }

    /// The id by which the message is followed.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The ids of its posts, and of the posts that were removed.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let removed = self.removed.split(',').filter(|id| !id.is_empty()).map(|id| id.trim_matches('"'));
        self.posts.iter().map(|post| post.id().as_str()).chain(removed)
    }

    /// The message's body, in parts: a parcel does not copy its posts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        let commas = std::iter::once("").chain(std::iter::repeat(","));
        let posts =
            commas.zip(&self.posts).flat_map(|(comma, post)| std::iter::once(comma).chain(post.parts()));
        let removed = if self.removed.is_empty() { "" } else { Self::REMOVED };
        std::iter::once(self.head.as_str()).chain(posts).chain([removed, self.removed.as_str(), Self::END])
    }

    /// The message's body.
    #[must_use]
    pub fn body(&self) -> String {
        self.parts().collect()
    }

    /// 64 characters that are the same for the same contents, whenever and by whomever they are sent.
    pub(crate) fn deduplication_id(&self) -> String {
        hex_sha256([self.contents.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::Envelope;
    use super::*;
    use crate::Post;

    fn post(id: &str, text: &str) -> Post {
        let post = serde_json::json!({ "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": text });
        serde_json::from_value(post).unwrap()
    }

    fn encoded(post: &Post) -> EncodedPost {
        EncodedPost::encode(post.into(), post.create_date).unwrap()
    }

    fn parcel(keyword: &str, posts: &[Post]) -> Parcel {
        let mut parcel = Parcel::new(keyword.parse().unwrap());
        for post in posts {
            parcel.add(&encoded(post));
        }
        parcel
    }

    #[test]
    fn a_body_is_readable_json() {
        assert_eq!(parcel("k", &[]).body(), r#"{"version":1,"keyword":"k","posts":[]}"#);
    }

    #[test]
    fn characters_that_sqs_refuses_travel_escaped() {
        let posts = [post("1", "\u{fffe}\u{0}\u{ffff}🦀"), post("2", "\"")];
        let body = parcel("\u{ffff}k\"", &posts).body();
        assert!(!body.contains(['\u{fffe}', '\u{0}', '\u{ffff}']));
        let envelope = Envelope::decode(&body).unwrap();
        assert_eq!((envelope.keyword.as_str(), envelope.posts.as_slice()), ("\u{ffff}k\"", posts.as_slice()));
        let last = encoded(&posts[1]);
        let bytes = parcel("\u{ffff}k\"", &posts[..1]).bytes_with(last.bytes());
        let message = body.len() + TraceId::ATTRIBUTE_BYTES;
        assert!((message..message + 32).contains(&bytes));
    }

    #[test]
    fn removals_come_after_the_posts() {
        let mut parcel = parcel("k", &[post("1", "")]);
        let before = parcel.deduplication_id();
        parcel.remove(&"host:2".parse().unwrap());
        parcel.remove(&"1".parse().unwrap());
        assert!(!parcel.fits(&encoded(&post("3", ""))));
        assert!(parcel.fits_removal(&"3".parse().unwrap()));
        let envelope = Envelope::decode(&parcel.body()).unwrap();
        assert_eq!((envelope.posts.len(), envelope.removed.len()), (1, 2));
        assert_eq!(envelope.removed[1].as_str(), "1");
        assert_ne!(before, parcel.deduplication_id());
        assert!(parcel.body().len() + TraceId::ATTRIBUTE_BYTES <= parcel.bytes_with(0));
        assert_eq!(parcel.ids().collect::<Vec<_>>(), ["1", "host:2", "1"]);
    }

    #[test]
    fn a_parcel_keeps_its_trace_id_and_the_message_is_deduplicated_without_it() {
        let (mut one, other) = (parcel("k", &[]), parcel("k", &[post("1", "")]));
        let id = one.trace_id();
        one.add(&encoded(&post("1", "")));
        assert_eq!((one.trace_id(), one.clone().trace_id()), (id, id));
        assert_ne!(id, other.trace_id());
        assert_eq!(one.deduplication_id(), other.deduplication_id());
        assert_eq!(one.body(), other.body());
    }

    #[test]
    fn a_full_message_is_not_one_byte_larger_than_what_is_paid_for() {
        let size = |text: usize| {
            let mut parcel = parcel("k", &[post("1", "")]);
            let last = encoded(&post("2", &"x".repeat(text)));
            parcel.fits(&last).then(|| parcel.add(&last)).map(|()| parcel)
        };
        let most = (0..ENVELOPE_BYTES - 150).rev().find_map(size).unwrap();
        let message = most.body().len() + TraceId::ATTRIBUTE_BYTES;
        // Room is kept for a removal.
        assert_eq!(message + Parcel::REMOVED.len(), ENVELOPE_BYTES);
        let removals = |mut parcel: Parcel| {
            for number in 1_000_000_000.. {
                let id = format!("{number}").parse().unwrap();
                if !parcel.fits_removal(&id) {
                    break;
                }
                parcel.remove(&id);
            }
            parcel.body().len() + TraceId::ATTRIBUTE_BYTES
        };
        let with_removals = removals(parcel("k", &[post("1", "")]));
        assert!((ENVELOPE_BYTES - 13..=ENVELOPE_BYTES).contains(&with_removals), "{with_removals}");
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
