//! Cutting posts into transactions.

use std::collections::HashSet;

use super::notes::NOTES_A_REQUEST;
use crate::statistics::Counting;
use crate::{Post, PostId};

/// Most writes in one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(super) const TRANSACTION_WRITES: usize = 100;

/// Most bytes of posts in one transaction. DynamoDB accepts 4 MB of items; the counts and the names of attributes need
/// room beside the posts.
const TRANSACTION_BYTES: usize = 3_000_000;

/// Writes for a later version of a post, about: itself, the note on the first version, that this is not stored, the version before it, and the
/// count of that.
const VERSION_WRITES: usize = 5;

/// Cuts posts into transactions, every id once, and of each post one version in a transaction: a transaction may name an item only once, and
/// the first arrival of a post is the one that counts.
pub(super) fn transactions(posts: &[Post]) -> Vec<Vec<&Post>> {
    let mut transactions = Vec::new();
    let mut seen = HashSet::new();
    let mut current = Current::default();
    for post in posts.iter().filter(|post| seen.insert(&post.tweet_id)) {
        if !current.has_room_for(post) {
            transactions.push(std::mem::take(&mut current).posts);
        }
        current.add(post);
    }
    if !current.posts.is_empty() {
        transactions.push(current.posts);
    }
    transactions
}

/// The transaction that is being filled.
#[derive(Default)]
struct Current<'a> {
    posts: Vec<&'a Post>,
    counting: Counting,
    /// The first versions of its posts.
    chains: HashSet<&'a PostId>,
    writes: usize,
    /// Notes that are read for it.
    notes: usize,
    bytes: usize,
}

impl<'a> Current<'a> {
    fn has_room_for(&self, post: &Post) -> bool {
        let (writes, notes) = needs(post);
        let updates = self.counting.updates() + self.counting.more_updates(post);
        self.writes + writes + updates <= TRANSACTION_WRITES
            && self.counting.has_room_for(post)
            && self.notes + notes <= NOTES_A_REQUEST
            && self.bytes + size(post) <= TRANSACTION_BYTES
            && !self.chains.contains(chain(post))
            || self.posts.is_empty()
    }

    fn add(&mut self, post: &'a Post) {
        let (writes, notes) = needs(post);
        self.writes += writes;
        self.notes += notes;
        self.bytes += size(post);
        self.counting.add(post);
        self.chains.insert(chain(post));
        self.posts.push(post);
    }
}

/// How many writes a post needs beside its count, and how many notes.
fn needs(post: &Post) -> (usize, usize) {
    if post.first_version.is_some() { (VERSION_WRITES, 2) } else { (1, 1) }
}

/// The first version of a post.
fn chain(post: &Post) -> &PostId {
    post.first_version.as_ref().unwrap_or(&post.tweet_id)
}

/// About how many bytes a post's item has.
fn size(post: &Post) -> usize {
    /// For the names of the attributes, and for those that are short.
    const SHORT_ATTRIBUTES: usize = 1024;
    // The packed fields are read from what the source sent, so they are no larger.
    let raw = post.raw.as_ref().map_or(0, |raw| raw.as_str().len());
    post.text.len() + 2 * raw + SHORT_ATTRIBUTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use utc_time::UtcTime;

    proptest! {
        #[test]
        fn every_post_is_in_one_transaction_and_each_transaction_fits(
            posts in proptest::collection::vec((0..400_u32, 0..300_i64, 0..60_000_usize, 0..20_u32), 0..300)
        ) {
            let posts: Vec<Post> = posts
                .into_iter()
                .map(|(id, hours, length, kind)| Post {
                    first_version: (kind == 0 && id > 0).then(|| (id / 2).to_string().parse().unwrap()),
                    text: "x".repeat(length),
                    create_date: UtcTime::from_millis(hours * 3_600_000).unwrap(),
                    ..post(&id.to_string())
                })
                .collect();
            let cut = transactions(&posts);
            let mut ids: Vec<_> = cut.iter().flatten().map(|post| &post.tweet_id).collect();
            let count = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), count, "an id occurs twice");
            let given: HashSet<_> = posts.iter().map(|post| &post.tweet_id).collect();
            prop_assert_eq!(count, given.len(), "an id is missing");
            for transaction in &cut {
                let hours: HashSet<_> = transaction.iter().map(|post| post.create_date.hour()).collect();
                prop_assert!(transaction.len() + hours.len() <= TRANSACTION_WRITES);
                let versions = transaction.iter().filter(|post| post.first_version.is_some()).count();
                prop_assert!(transaction.len() + versions <= NOTES_A_REQUEST);
                let chains: HashSet<_> = transaction.iter().map(|post| chain(post)).collect();
                prop_assert_eq!(chains.len(), transaction.len(), "two versions of a post");
                prop_assert!(transaction.iter().map(|post| post.text.len()).sum::<usize>() <= TRANSACTION_BYTES);
            }
        }
    }

    fn post(id: &str) -> Post {
        serde_json::from_value(serde_json::json!({
            "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": "",
        }))
        .unwrap()
    }
}
