//! Packing posts into an envelope.

use std::fmt;

use super::encoded_post::EncodedPost;
use super::escape::escape_for_sqs;
use super::limits::{ENVELOPE_BYTES, ENVELOPE_VERSION};
use crate::label::hex_sha256;
use crate::{Keyword, PostId};

/// An envelope that is being packed, post by post.
///
/// [`Parcel::body`] is what [`Envelope::decode`](super::Envelope::decode) reads, in the characters that SQS accepts.
#[derive(Clone)]
pub struct Parcel {
    keyword: Keyword,
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
            .field("posts", &self.posts.len())
            .finish_non_exhaustive()
    }
}

impl Parcel {
    /// What follows the posts where posts were removed, and what ends the body.
    const REMOVED: &str = r#"],"removed":["#;
    const END: &str = "]}";

    /// An empty parcel.
    #[must_use]
    pub fn new(keyword: Keyword) -> Self {
        let name = escape_for_sqs(serde_json::Value::from(keyword.as_str()).to_string());
        let head = format!(r#"{{"version":{ENVELOPE_VERSION},"keyword":{name},"posts":["#);
        let contents = format!("{keyword}\n");
        Self { keyword, head, posts: Vec::new(), posts_bytes: 0, removed: String::new(), contents }
    }

    /// Whether a post may be added: the body stays within [`ENVELOPE_BYTES`], and no post was removed yet.
    #[must_use]
    pub fn fits(&self, post: &EncodedPost) -> bool {
        self.removed.is_empty() && self.bytes_with(post.bytes()) <= ENVELOPE_BYTES
    }

    /// Whether a removal may be added: the body stays within [`ENVELOPE_BYTES`].
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

    /// The size of the body, at most, once `more` bytes are added.
    fn bytes_with(&self, more: usize) -> usize {
        const COMMA: usize = 1;
        let removed = Self::REMOVED.len() + self.removed.len();
        self.head.len() + self.posts_bytes + removed + COMMA + more + Self::END.len()
    }

    /// The size of the body, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes_with(0)
    }

    /// The keyword under which its posts were collected.
    #[must_use]
    pub fn keyword(&self) -> &Keyword {
        &self.keyword
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
        assert!((body.len()..body.len() + 32).contains(&bytes));
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
        assert!(parcel.body().len() <= parcel.bytes_with(0));
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
