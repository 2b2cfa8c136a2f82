//! Packing: the posts of one keyword into one message.

use std::collections::BTreeMap;
use std::time::Duration;

use posts::{ENVELOPE_BYTES, Envelope, Keyword, Post};
use tokio::time::Instant;

/// How long a post waits for company.
const AGE: Duration = Duration::from_secs(1);

/// The largest post, in bytes of its JSON. DynamoDB takes items of 400 KB; X's longest post is
/// 25,000 characters, at most 100 KB.
const POST_BYTES: usize = 256 * 1024;

/// Packs posts into envelopes of at most [`ENVELOPE_BYTES`], none older than [`AGE`].
///
/// It holds at most one envelope for each keyword.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    open: BTreeMap<Keyword, Open>,
}

#[derive(Debug)]
struct Open {
    posts: Vec<Post>,
    bytes: usize,
    since: Instant,
}

/// What became of a post.
#[derive(Debug, PartialEq)]
pub(crate) enum Packed {
    /// It waits for company.
    Waiting,
    /// It waits; the envelope that it did not fit into is full.
    Full(Envelope),
    /// It is too large to be carried at all, in bytes.
    TooLarge(usize),
}

impl Packer {
    /// Adds a post.
    pub(crate) fn add(&mut self, keyword: &Keyword, post: Post, now: Instant) -> Packed {
        // What cannot be written as JSON does not exist among posts.
        let bytes = serde_json::to_vec(&post).map_or(usize::MAX, |json| json.len() + 1);
        if bytes > POST_BYTES {
            return Packed::TooLarge(bytes);
        }
        // The frame around the posts: version, keyword (escaped, at worst six bytes for one).
        let frame = 64 + keyword.as_str().len() * 6;
        if let Some(open) = self.open.get_mut(keyword)
            && open.bytes + bytes <= ENVELOPE_BYTES
        {
            open.bytes += bytes;
            open.posts.push(post);
            return Packed::Waiting;
        }
        let new = Open { posts: vec![post], bytes: frame + bytes, since: now };
        match self.open.insert(keyword.clone(), new) {
            Some(full) => Packed::Full(Envelope::new(keyword.clone(), full.posts)),
            None => Packed::Waiting,
        }
    }

    /// When the oldest envelope must go.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.since + AGE).min()
    }

    /// Takes all envelopes: once one must go the others go with it, for a request carries ten.
    pub(crate) fn take(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.open)
            .into_iter()
            .map(|(keyword, open)| Envelope::new(keyword, open.posts))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn post(id: usize, text: String) -> Post {
        serde_json::from_value(serde_json::json!({
            "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": text,
        }))
        .unwrap()
    }

    proptest! {
        #[test]
        fn no_envelope_is_too_large_and_no_post_is_lost(
            sizes in proptest::collection::vec((0..3_usize, prop_oneof![0..500_usize, 0..200_000_usize]), 0..200)
        ) {
            let keywords: Vec<Keyword> =
                ["rust", "\u{1F980} \"quoted\"", "жук"].map(|keyword| keyword.parse().unwrap()).to_vec();
            let mut packer = Packer::default();
            let mut envelopes = Vec::new();
            for (id, (keyword, size)) in sizes.iter().enumerate() {
                match packer.add(&keywords[*keyword], post(id, "\u{1}é".repeat(size / 8)), Instant::now()) {
                    Packed::Waiting => {}
                    Packed::Full(envelope) => envelopes.push(envelope),
                    Packed::TooLarge(_) => prop_assert!(false, "none is so large"),
                }
            }
            envelopes.extend(packer.take());
            prop_assert_eq!(packer.deadline(), None);
            for envelope in &envelopes {
                let size = envelope.encode().unwrap().len();
                prop_assert!(envelope.posts.len() == 1 || size <= ENVELOPE_BYTES, "{size}");
            }
            let mut ids: Vec<usize> =
                envelopes.iter().flat_map(|e| &e.posts).map(|p| p.tweet_id.as_str().parse().unwrap()).collect();
            ids.sort_unstable();
            prop_assert_eq!(ids, (0..sizes.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_post_that_nothing_can_hold_is_told() {
        let packed =
            Packer::default().add(&"k".parse().unwrap(), post(1, "x".repeat(300_000)), Instant::now());
        assert!(matches!(packed, Packed::TooLarge(bytes) if bytes > 300_000));
    }

    #[test]
    fn the_oldest_post_sets_the_deadline() {
        let mut packer = Packer::default();
        let now = Instant::now();
        packer.add(&"a".parse().unwrap(), post(1, String::new()), now);
        packer.add(&"b".parse().unwrap(), post(2, String::new()), now + AGE / 2);
        assert_eq!(packer.deadline(), Some(now + AGE));
        assert_eq!(packer.take().len(), 2);
    }
}
